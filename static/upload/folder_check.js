// The page “Safe to delete?”: compares chosen files with the library, and offers to add those that are not stored.

import { buildCsv, buildReport } from "./comparison_report.js";
import { checkMessages } from "./check_messages.js";
import { Comparison } from "./compare_files.js";
import { formatBytes, formatCount, messages } from "./messages.js";
import { page } from "./page.js";
import { connectPicker, emptySelectionText, showError, showScanStatus, throttledScanStatus } from "./picker.js";
import { runUpload } from "./upload_session.js";
import { hideVerdict, showVerdict } from "./verdict.js";

const REDRAW_INTERVAL = 250;
const byId = (id) => document.getElementById(id);
let isRunning = false;

function showOnly(shown) {
  for (const id of ["drop-zone", "checking", "verdict"]) byId(id).hidden = id !== shown;
}

function showWarning(text, onResume) {
  byId("check-warning-text").textContent = text;
  byId("check-warning").hidden = !text;
  byId("continue-check").hidden = !onResume;
  byId("continue-check").onclick = onResume ?? null;
}

function showProgress({ files, bytes }, total) {
  byId("checked-files").textContent = formatCount(files);
  byId("files-to-check").textContent = messages.ofFiles(total);
  byId("checked-bytes").textContent = formatBytes(bytes);
  byId("check-progress").max = total;
  byId("check-progress").value = files;
}

// `scan(onProgress)` resolves to a selection.
async function start(scan) {
  isRunning = true;
  byId("busy-notice").hidden = true;
  hideVerdict();
  showOnly("drop-zone");
  showError("");
  showScanStatus(messages.scanning(0));
  try {
    const selection = await scan(throttledScanStatus());
    if (selection.files.length) await compare(selection);
    else showError(emptySelectionText(selection));
  } catch (error) {
    showOnly("drop-zone");
    showError(error.message);
    // Report bugs to the console as well.
    if (error.name !== "Error") reportError(error);
  }
  showScanStatus("");
  isRunning = false;
}

async function compare({ files, ignored, unreadable }) {
  const comparison = new Comparison(page, showWarning);
  const timer = setInterval(() => showProgress(comparison, files.length), REDRAW_INTERVAL);
  byId("cancel-check").onclick = () => comparison.cancel();
  showProgress(comparison, files.length);
  showOnly("checking");
  byId("checking-title").focus();
  try {
    if (!(await comparison.run(files))) return showOnly("drop-zone");
  } finally {
    clearInterval(timer);
    showWarning("");
  }
  const report = await buildReport(files, ignored);
  const list = await buildCsv([...files, ...ignored], checkMessages.columns, checkMessages.states);
  showOnly("verdict");
  return showVerdict(report, unreadable, list, () => add(report.addable));
}

// Uploads the files without leaving this page.
async function add(files) {
  if (isRunning) return;
  isRunning = true;
  showOnly("");
  try {
    await runUpload({ files, ignored: [], unreadable: [] }, "", page);
  } catch (error) {
    showOnly("drop-zone");
    showError(error.message);
    if (error.name !== "Error") reportError(error);
  }
  isRunning = false;
}

byId("check-again").addEventListener("click", () => {
  hideVerdict();
  showOnly("drop-zone");
  byId("pick-folder").focus();
});
connectPicker(() => !isRunning, start);
