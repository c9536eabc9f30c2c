// The page for adding files: choose or drop, open a batch, send, seal, go to the batch.

import { sendAll } from "./lanes.js";
import { watch } from "./live.js";
import { Meter } from "./meter.js";
import { Panel } from "./panel.js";
import { folderOf, fromDrop, fromInput } from "./pick.js";
import { BatchGone } from "./tus.js";
import { say } from "./words.js";

const byId = (id) => document.getElementById(id);
const page = byId("upload");
let started = false;

function complain(words) {
  byId("problem").textContent = words;
  byId("problem").hidden = !words;
}

// Django changes the token when a person signs in again: read it at each use.
function csrfToken() {
  const cookie = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
  return cookie ? cookie[1] : document.querySelector("[name=csrfmiddlewaretoken]").value;
}

function post(url, content = {}) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": csrfToken() };
  return fetch(url, { method: "POST", headers, body: JSON.stringify(content) });
}

async function openBatch(name, expected) {
  const answer = await post(page.dataset.open, { name, expected_items: expected });
  // Signed out, the answer is the sign-in page.
  if (answer.redirected) throw new Error(say.signedOut);
  const content = await answer.json();
  if (answer.status !== 201) throw new Error(content.error);
  return content;
}

async function seal(url) {
  for (const wait of [0, 1000, 3000, 9000]) {
    await new Promise((resolve) => setTimeout(resolve, wait));
    const answer = await post(`${url}seal/`).catch(() => null);
    if (answer && answer.status === 204) return true;
  }
  return false;
}

const guard = (event) => event.preventDefault();

// What the lanes tell the person. One gate for all of them: the first that is signed out shows it, all wait behind it
// until the person goes on, and no other word takes its place meanwhile.
function voices(panel) {
  let gate = null;
  const onTrouble = (words) => gate ?? panel.trouble(words);
  const signIn = () => {
    gate ??= new Promise((resolve) => panel.trouble(say.signedOut, resolve)).then(() => {
      gate = null;
      panel.trouble("");
    });
    return gate;
  };
  return { onTrouble, signIn };
}

async function send(chosen) {
  const name = byId("name").value.trim() || folderOf(chosen) || say.filesOf(new Date());
  const opened = await openBatch(name, chosen.length);
  const meter = new Meter(chosen.length, chosen.reduce((sum, { file }) => sum + file.size, 0));
  const panel = new Panel(name, meter);
  panel.link(opened.url);
  watch(opened.id, byId("live"));
  window.addEventListener("beforeunload", guard);
  const chunkBytes = Number(page.dataset.chunk);
  const batch = { id: opened.id, tusUrl: opened.tus_url, chunkBytes, ...voices(panel) };
  try {
    await sendAll(chosen, batch, meter);
  } catch (error) {
    if (!(error instanceof BatchGone)) throw error;
    window.removeEventListener("beforeunload", guard);
    window.location.assign(opened.url);
    return;
  }
  panel.end();
  const sealed = await seal(opened.url);
  window.removeEventListener("beforeunload", guard);
  if (!sealed) panel.trouble(say.notSealed);
  // What only this page knows must not vanish with it.
  if (sealed && !meter.refusedHere) window.location.assign(opened.url);
}

async function begin(choosing) {
  if (started) return;
  started = true;
  complain("");
  try {
    const chosen = await choosing;
    if (chosen.length) {
      await send(chosen);
      return;
    }
    complain(say.nothing);
  } catch (error) {
    complain(error instanceof TypeError ? say.notOpened : error.message);
  }
  started = false;
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
    if (event.dataTransfer.types.includes("Files")) begin(fromDrop(event.dataTransfer));
  });
}

for (const [button, input] of [["pick-folder", "folder"], ["pick-files", "several"]]) {
  byId(button).addEventListener("click", () => byId(input).click());
  byId(input).addEventListener("change", ({ target }) => {
    begin(Promise.resolve(fromInput(target.files)));
  });
}
byId("choose").addEventListener("submit", (event) => event.preventDefault());
byId("name").placeholder = byId("name").dataset.scripted;
dropHere();
