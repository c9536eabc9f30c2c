// The result of a comparison on the page “Safe to delete?”.

import { KEPT_STATES } from "./comparison_report.js";
import { checkMessages } from "./check_messages.js";
import { formatBytes } from "./messages.js";

// More names would make the page slow. The CSV file lists all of them.
const NAMES_SHOWN = 200;
const byId = (id) => document.getElementById(id);

// `unreadable` holds the paths of folders that could not be read; `list` is the CSV file as a Blob.
export function showVerdict(report, unreadable, list, onAdd) {
  const isSafe = report.total > 0 && report.stored === report.total && !unreadable.length;
  const skipped = report.ignored.filter((file) => file.ignored !== "empty").length;
  byId("verdict").classList.toggle("safe", isSafe);
  byId("verdict-title").textContent = checkMessages.verdict(report.stored, report.total);
  const advice = isSafe ? checkMessages.safe : checkMessages.keep(report.total - report.stored, unreadable);
  byId("verdict-advice").textContent = [advice, checkMessages.notCompared(skipped)].filter(Boolean).join(" ");
  byId("verdict-checks").textContent = checkMessages.checks(report);
  byId("add-missing").hidden = !report.addable.length;
  byId("add-missing").textContent = checkMessages.add(report.addable.length);
  byId("add-missing").onclick = onAdd;
  byId("save-list").href = URL.createObjectURL(list);
  byId("verdict-groups").replaceChildren(...groupRows(report));
  byId("verdict-title").focus();
}

export function hideVerdict() {
  byId("verdict").hidden = true;
  byId("verdict-groups").replaceChildren();
  URL.revokeObjectURL(byId("save-list").href);
  byId("save-list").removeAttribute("href");
}

function groupRows({ groups, ignored }) {
  const kept = KEPT_STATES.filter((state) => groups.has(state)).map((state) => groupRow(state, groups.get(state)));
  if (ignored.length) kept.push(groupRow("ignored", ignored));
  const [first] = kept;
  if (first) first.querySelector("details").open = true;
  return kept;
}

function groupRow(state, files) {
  const row = byId("verdict-group").content.firstElementChild.cloneNode(true);
  const [advice, more] = row.querySelectorAll("p");
  row.querySelector("h2").textContent = checkMessages.group(state, files.length);
  advice.textContent = checkMessages.advice[state];
  row.querySelector("ul").replaceChildren(...files.slice(0, NAMES_SHOWN).map(fileRow));
  more.textContent = files.length > NAMES_SHOWN ? checkMessages.more(files.length - NAMES_SHOWN) : "";
  return row;
}

function fileRow({ path, size }) {
  const row = document.createElement("li");
  const name = document.createElement("span");
  const bytes = document.createElement("span");
  name.className = "path";
  name.textContent = path;
  bytes.className = "small muted number";
  bytes.textContent = size > 0 ? formatBytes(size) : "";
  row.append(name, bytes);
  return row;
}
