// The page for adding files, which can be chosen, dropped or pasted. upload_session.js uploads them.

import { messages } from "./messages.js";
import { page } from "./page.js";
import { connectPicker, emptySelectionText, showError, showScanStatus, throttledScanStatus } from "./picker.js";
import { dismissQuestion } from "./preflight.js";
import { confirmSelection, dismissReview } from "./review.js";
import { runUpload } from "./upload_session.js";

const byId = (id) => document.getElementById(id);
let isRunning = false;

// Only one upload runs at a time. If the page is still asking about the previous files, the new files replace them.
function mayStart() {
  return !isRunning || dismissReview() || dismissQuestion();
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
    else await confirmAndUpload(selection);
  } catch (error) {
    showDropZone();
    showError(error.message);
    // Report bugs to the console as well.
    if (error.name !== "Error") reportError(error);
  }
  showScanStatus("");
  isRunning = false;
}

async function confirmAndUpload(selection) {
  const notes = await confirmSelection(selection, page.free);
  if (!notes) return showDropZone();
  await runUpload(selection, byId("name")?.value.trim() ?? "", page, notes);
  // Clear the name, because it was meant only for these files.
  return byId("drop-zone").reset();
}

function showDropZone() {
  if (byId("sending").hidden) byId("drop-zone").hidden = false;
}

connectPicker(mayStart, start);
if (byId("name")) byId("name").placeholder = byId("name").dataset.scripted;
