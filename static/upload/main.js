// The page for adding files: choose, drop or paste; the rest is in send.js.

import { withdraw } from "./offer.js";
import { fromInput, fromTransfer } from "./pick.js";
import { send } from "./send.js";
import { say } from "./words.js";

const byId = (id) => document.getElementById(id);
const { dataset } = byId("upload");
const site = {
  open: dataset.open,
  unfinished: dataset.unfinished,
  sizes: dataset.sizes,
  tus: dataset.tus,
  chunk: Number(dataset.chunk),
  batch: dataset.batchId ? { id: Number(dataset.batchId), name: dataset.batchName, url: dataset.batchUrl } : null,
  // What was turned away would be forgotten with this page.
  mayLeave: () => byId("wait").hidden,
};
let started = false;

function complain(words) {
  byId("problem").textContent = words;
  byId("problem").hidden = !words;
}

// A status line for those who listen, and the same words for those who look.
function tell(words) {
  byId("walking").textContent = words;
  byId("picking").classList.toggle("busy", Boolean(words));
}

// At most four times a second: who listens hears the first and the last.
function teller() {
  let told = 0;
  return (found) => {
    const now = performance.now();
    if (now - told < 250) return;
    told = now;
    tell(say.reading(found));
  };
}

// One sending at a time: what comes in between is turned away, in words that stay until the next begins. A question
// that is open makes room.
function mayBegin() {
  return !started || withdraw();
}

function turnAway() {
  byId("wait").textContent = say.wait;
  byId("wait").hidden = false;
}

async function begin(choosing) {
  started = true;
  for (const id of ["sending", "wait"]) byId(id).hidden = true;
  backToChoosing();
  complain("");
  tell(say.reading(0));
  try {
    const found = await choosing(teller());
    tell(say.comparing);
    if (!found.chosen.length) complain(nothingIn(found));
    else {
      await send(found, byId("name")?.value.trim() ?? "", site);
      // The name was for these files, not for the next.
      byId("choose").reset();
    }
  } catch (error) {
    backToChoosing();
    complain(error.message);
    // A mistake of the program must not pass for a word to the person alone.
    if (error.name !== "Error") reportError(error);
  }
  tell("");
  started = false;
}

function nothingIn({ junk, unreadable }) {
  if (unreadable.length) return say.unreadable(unreadable);
  return junk ? say.nothingButJunk(junk) : say.nothing;
}

function backToChoosing() {
  if (byId("sending").hidden) byId("choose").hidden = false;
}

function dropHere() {
  const zone = byId("choose");
  window.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.toggle("over", event.dataTransfer.types.includes("Files"));
  });
  window.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) zone.classList.remove("over");
  });
  window.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    take(event.dataTransfer);
  });
  window.addEventListener("paste", (event) => {
    if (!event.clipboardData.files.length) return;
    event.preventDefault();
    take(event.clipboardData);
  });
}

function take(transfer) {
  if (!transfer.types.includes("Files")) return;
  if (!mayBegin()) return turnAway();
  // Called here, within the event: afterwards the browser has forgotten what was dropped.
  let hear = () => {};
  const found = fromTransfer(transfer, (number) => hear(number));
  return begin((onFound) => {
    hear = onFound;
    return found;
  });
}

for (const [button, input] of [["pick-folder", "folder"], ["pick-files", "several"]]) {
  byId(button).addEventListener("click", () => byId(input).click());
  byId(input).addEventListener("change", ({ target }) => {
    // Emptied afterwards: choosing the same again must be heard again.
    if (!mayBegin()) {
      target.value = "";
      return turnAway();
    }
    const choosing = (onFound) => fromInput(target.files, onFound).finally(() => { target.value = ""; });
    return begin(choosing);
  });
}
byId("choose").addEventListener("submit", (event) => event.preventDefault());
if (byId("name")) byId("name").placeholder = byId("name").dataset.scripted;
dropHere();
