// The part of a page on which files are chosen, dropped or pasted.

import { ignoredReason } from "./ignored_files.js";
import { messages } from "./messages.js";
import { filesFromInput, filesFromTransfer } from "./selected_files.js";

const ANNOUNCE_INTERVAL = 250;
const byId = (id) => document.getElementById(id);

export function showError(text) {
  byId("picker-error").textContent = text;
  byId("picker-error").hidden = !text;
}

export function showScanStatus(text) {
  byId("scan-status").textContent = text;
  byId("picker").classList.toggle("busy", Boolean(text));
}

// Shows how many files were found, at most four times a second, so that screen readers can keep up.
export function throttledScanStatus() {
  let last = 0;
  return (found) => {
    const now = performance.now();
    if (now - last < ANNOUNCE_INTERVAL) return;
    last = now;
    showScanStatus(messages.scanning(found));
  };
}

export function emptySelectionText({ ignored, unreadable }) {
  if (unreadable.length) return messages.unreadableFolders(unreadable);
  return ignored.length ? messages.onlyIgnored(ignored.length) : messages.noFiles;
}

function showBusyNotice() {
  byId("busy-notice").textContent = messages.alreadyRunning;
  byId("busy-notice").hidden = false;
}

// `start(scan)` is called with each selection if `mayStart()` is true; `scan(onProgress)` resolves to the selection.
export function connectPicker(mayStart, start) {
  acceptFiles("pick-folder", "folder-input", mayStart, start);
  acceptFiles("pick-files", "file-input", mayStart, start);
  acceptDrops(mayStart, start);
  byId("drop-zone").addEventListener("submit", (event) => event.preventDefault());
}

function acceptDrops(mayStart, start) {
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
    startFromTransfer(event.dataTransfer, mayStart, start);
  });
  window.addEventListener("paste", (event) => {
    if (!event.clipboardData.files.length) return;
    event.preventDefault();
    startFromTransfer(event.clipboardData, mayStart, start);
  });
}

function startFromTransfer(transfer, mayStart, start) {
  if (!transfer.types.includes("Files")) return;
  if (!mayStart()) return showBusyNotice();
  // Begin reading now, because the browser allows it only during the event; the progress callback comes later.
  let report = () => {};
  const selection = filesFromTransfer(transfer, ignoredReason, (found) => report(found));
  return start((onProgress) => {
    report = onProgress;
    return selection;
  });
}

function acceptFiles(button, input, mayStart, start) {
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
