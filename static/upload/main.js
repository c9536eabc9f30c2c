// The page for adding files, which can be chosen, dropped or pasted. upload_session.js uploads them.

import { ignoredReason } from "./ignored_files.js";
import { messages } from "./messages.js";
import { dismissQuestion } from "./preflight.js";
import { filesFromInput, filesFromTransfer } from "./selected_files.js";
import { confirmSelection, dismissReview } from "./review.js";
import { runUpload } from "./upload_session.js";

const ANNOUNCE_INTERVAL = 250;
const byId = (id) => document.getElementById(id);
const { dataset } = byId("upload");
const page = {
  account: dataset.account,
  urls: {
    page: dataset.page,
    open: dataset.open,
    unfinished: dataset.unfinished,
    sizes: dataset.sizes,
    tus: dataset.tus,
  },
  maxChunk: Number(dataset.chunk),
  // The number of bytes that the server can store, or null if it has no limit.
  free: dataset.free ? Number(dataset.free) : null,
  batch: dataset.batchId ? { id: Number(dataset.batchId), name: dataset.batchName, url: dataset.batchUrl } : null,
  // Leaving would hide the notice that files were not accepted.
  mayLeave: () => byId("busy-notice").hidden,
};
let isRunning = false;

function showError(text) {
  byId("picker-error").textContent = text;
  byId("picker-error").hidden = !text;
}

function showScanStatus(text) {
  byId("scan-status").textContent = text;
  byId("picker").classList.toggle("busy", Boolean(text));
}

// At most four times a second, so that screen readers keep up.
function throttledScanStatus() {
  let last = 0;
  return (found) => {
    const now = performance.now();
    if (now - last < ANNOUNCE_INTERVAL) return;
    last = now;
    showScanStatus(messages.scanning(found));
  };
}

// Only one upload runs at a time. If the page is still asking whether to resume, the new files replace that question.
function mayStart() {
  return !isRunning || dismissReview() || dismissQuestion();
}

function showBusyNotice() {
  byId("busy-notice").textContent = messages.alreadyRunning;
  byId("busy-notice").hidden = false;
}

// `scan(onProgress)` resolves to a selection.
async function start(scan) {
  isRunning = true;
  for (const id of ["sending", "busy-notice"]) byId(id).hidden = true;
  showDropZone();
  showError("");
  showScanStatus(messages.scanning(0));
  try {
    const selection = await scan(throttledScanStatus());
    showScanStatus(messages.checking);
    if (!selection.files.length) showError(emptySelectionText(selection));
    else if (await confirmSelection(selection, page.free)) {
      await runUpload(selection, byId("name")?.value.trim() ?? "", page);
      // Clear the name, because it was meant only for these files.
      byId("drop-zone").reset();
    } else showDropZone();
  } catch (error) {
    showDropZone();
    showError(error.message);
    // Report bugs to the console as well.
    if (error.name !== "Error") reportError(error);
  }
  showScanStatus("");
  isRunning = false;
}

function emptySelectionText({ ignored, unreadable }) {
  if (unreadable.length) return messages.unreadableFolders(unreadable);
  return ignored.length ? messages.onlyIgnored(ignored.length) : messages.noFiles;
}

function showDropZone() {
  if (byId("sending").hidden) byId("drop-zone").hidden = false;
}

function acceptDrops() {
  const zone = byId("drop-zone");
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
    startFromTransfer(event.dataTransfer);
  });
  window.addEventListener("paste", (event) => {
    if (!event.clipboardData.files.length) return;
    event.preventDefault();
    startFromTransfer(event.clipboardData);
  });
}

function startFromTransfer(transfer) {
  if (!transfer.types.includes("Files")) return;
  if (!mayStart()) return showBusyNotice();
  // The browser allows reading only during the event; start() provides the progress callback later.
  let report = () => {};
  const selection = filesFromTransfer(transfer, ignoredReason, (found) => report(found));
  return start((onProgress) => {
    report = onProgress;
    return selection;
  });
}

function acceptFiles(button, input) {
  byId(button).addEventListener("click", () => byId(input).click());
  byId(input).addEventListener("change", ({ target }) => {
    // Clear the input; otherwise choosing the same files again would not fire an event.
    const clear = () => {
      target.value = "";
    };
    if (mayStart()) return start((onProgress) => filesFromInput(target.files, ignoredReason, onProgress).finally(clear));
    clear();
    return showBusyNotice();
  });
}

acceptFiles("pick-folder", "folder-input");
acceptFiles("pick-files", "file-input");
acceptDrops();
byId("drop-zone").addEventListener("submit", (event) => event.preventDefault());
if (byId("name")) byId("name").placeholder = byId("name").dataset.scripted;
