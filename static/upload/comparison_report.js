// Counts the files of a comparison by state, and lists them as CSV. Does not access the page.

import { yieldToPage } from "./concurrency.js";

const SAFE = new Set(["stored", "sidecar"]);
const ADDABLE = new Set(["missing", "damaged", "trash"]);
// The states of files that the user must keep, in the order in which the page lists them.
export const KEPT_STATES = ["missing", "damaged", "trash", "archive", "unreadable"];
// Spreadsheets evaluate a cell that begins like this as a formula; see batches/failures/csv_export.py.
const FORMULA_START = /^(?=[\t\r\n])|(?:^|(?<=[;\t\r\n]))(?=[" ]*[=+\-@\uff1d\uff0b\uff0d\uff20])/g;
const BYTE_ORDER_MARK = "\ufeff";
const PART_LENGTH = 2 ** 18;

// `files` were compared; `ignored` were skipped because of their names.
export async function buildReport(files, ignored) {
  const groups = new Map();
  const report = { groups, ignored: [...ignored], total: 0, stored: 0, readBack: 0, oldestCheck: null, addable: [] };
  for (const file of files) {
    addFile(report, file);
    const pause = yieldToPage();
    if (pause) await pause;
  }
  return report;
}

function addFile(report, file) {
  if (file.stored === "ignored") {
    report.ignored.push(Object.assign(file, { ignored: "empty" }));
    return;
  }
  report.total += 1;
  if (ADDABLE.has(file.stored)) report.addable.push(file);
  if (!SAFE.has(file.stored)) {
    if (!report.groups.has(file.stored)) report.groups.set(file.stored, []);
    report.groups.get(file.stored).push(file);
    return;
  }
  report.stored += 1;
  if (!file.verifiedAt) return;
  report.readBack += 1;
  if (!report.oldestCheck || file.verifiedAt < report.oldestCheck) report.oldestCheck = file.verifiedAt;
}

// Resolves to a Blob. `heading` holds the names of the five columns, `stateNames` the text for each state.
export async function buildCsv(files, heading, stateNames) {
  // A Blob with one part per file would block the page.
  const parts = [];
  let part = BYTE_ORDER_MARK + csvLine(heading);
  for (const file of files) {
    const state = stateNames[file.ignored ? "ignored" : file.stored];
    const size = file.size >= 0 ? file.size : "";
    part += csvLine([file.path, size, file.digest ?? "", state, file.verifiedAt?.toISOString() ?? ""]);
    if (part.length > PART_LENGTH) {
      parts.push(new Blob([part]));
      part = "";
    }
    const pause = yieldToPage();
    if (pause) await pause;
  }
  return new Blob([...parts, part], { type: "text/csv;charset=utf-8" });
}

const csvCell = (value) => `"${String(value).replace(FORMULA_START, "'").replaceAll('"', '""')}"`;
const csvLine = (cells) => `${cells.map(csvCell).join(",")}\r\n`;
