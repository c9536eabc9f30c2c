// Asks for confirmation before sending if the selection has problems: missing parts of an export, sidecars without
// their pictures, many files that cannot be imported, or too little space.

import { loneSidecars, missingParts, spaceNeeded, unsupportedKinds } from "./findings.js";
import { messages } from "./messages.js";
import { loadStats } from "./selected_files.js";

// Fewer unsupported files than this are not worth asking about. The import lists them anyway.
const MANY_UNSUPPORTED = 5;
const SAMPLE_SIZE = 500;
const byId = (id) => document.getElementById(id);

// Resolves to true if the selection should be sent. `free` is the number of bytes that the server can store, or null if
// it has no limit.
export async function confirmSelection({ files, ignored }, free) {
  const findings = await findProblems(files, free);
  if (!findings.length) return true;
  const facts = [messages.spaceNeeded(spaceNeeded(files), free)];
  if (ignored.length) facts.push(messages.filesIgnored(ignored.length));
  return ask(findings, facts);
}

async function findProblems(files, free) {
  const paths = files.map(({ path }) => path);
  const step = Math.ceil(files.length / SAMPLE_SIZE);
  await loadStats(files.filter((_, index) => index % step === 0));
  const findings = [];
  const parts = await missingParts(paths);
  if (parts.length) findings.push([messages.partsMissing(parts), messages.partsAdvice]);
  const sidecars = await loneSidecars(paths);
  if (sidecars.length) findings.push([messages.loneSidecars(sidecars), messages.sidecarsAdvice]);
  const kinds = await unsupportedKinds(paths);
  const unsupported = kinds.reduce((sum, [, count]) => sum + count, 0);
  if (unsupported >= MANY_UNSUPPORTED) findings.push([messages.unsupportedFiles(unsupported, kinds), messages.kindsAdvice]);
  if (free !== null && spaceNeeded(files) > free) findings.push([messages.tooLittleSpace, messages.spaceAdvice]);
  return findings;
}

function ask(findings, facts) {
  return new Promise((resolve) => {
    const decide = (isToBeSent) => {
      byId("review").hidden = true;
      resolve(isToBeSent);
    };
    byId("review-findings").replaceChildren(...findings.map(findingRow));
    byId("review-facts").textContent = facts.join(" ");
    byId("review-send").onclick = () => decide(true);
    byId("review-back").onclick = () => decide(false);
    byId("drop-zone").hidden = true;
    byId("review").hidden = false;
    byId("review-title").focus();
  });
}

function findingRow([text, advice]) {
  const row = document.createElement("li");
  const title = document.createElement("b");
  const explanation = document.createElement("p");
  title.textContent = text;
  explanation.textContent = advice;
  explanation.className = "small muted";
  row.append(title, explanation);
  return row;
}

// Closes the question, because other files were selected, and returns whether it was open. confirmSelection() then
// never resolves.
export function dismissReview() {
  const wasOpen = !byId("review").hidden;
  byId("review").hidden = true;
  return wasOpen;
}
