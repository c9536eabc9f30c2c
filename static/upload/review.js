// Asks for confirmation before sending if the selection has problems: missing parts of an export, archives that cannot
// be unpacked, sidecars without their pictures, many files that cannot be imported, or too little space.

import { isArchive, readArchives } from "./archive_contents.js";
import { loneSidecars, missingParts, spaceNeeded, unsupportedKinds } from "./findings.js";
import { ignoredReason } from "./ignored_files.js";
import { messages } from "./messages.js";
import { loadStats } from "./selected_files.js";

// Fewer unsupported files than this are not worth a question, so they are only mentioned while the files are sent.
const MANY_UNSUPPORTED = 5;
const SAMPLE_SIZE = 500;
const byId = (id) => document.getElementById(id);

// Resolves to null if the selection should not be sent, otherwise to what the user should know while it is sent: a list
// of sentences. `free` is the number of bytes that the server can store, or null if it has no limit.
export async function confirmSelection({ files, ignored }, free) {
  await loadSizes(files);
  const archives = await readArchives(files, ignoredReason);
  const paths = [...files.map(({ path }) => path), ...archives.paths];
  const kinds = await unsupportedKinds(paths);
  const unsupported = kinds.reduce((sum, [, count]) => sum + count, 0);
  const space = spaceNeeded(files, archives.bytes);
  const findings = await findProblems(files, paths, archives);
  if (free !== null && space > free) findings.push([messages.tooLittleSpace, messages.spaceAdvice]);
  const unsupportedText = unsupported && messages.unsupportedFiles(unsupported, kinds);
  const spaceText = messages.spaceNeeded(space, free);
  if (!findings.length && unsupported < MANY_UNSUPPORTED) return [spaceText, unsupported && `${unsupportedText}.`];
  if (unsupported) findings.push([unsupportedText, messages.kindsAdvice]);
  const isToBeSent = await ask(findings, [spaceText, ignored.length && messages.filesIgnored(ignored.length)]);
  return isToBeSent ? [spaceText] : null;
}

// Loads the sizes of all archives, because they may be large, and of a sample of the other files.
async function loadSizes(files) {
  const step = Math.ceil(files.length / SAMPLE_SIZE);
  await loadStats(files.filter(({ path }, index) => index % step === 0 || isArchive(path)));
}

async function findProblems(files, paths, archives) {
  const findings = [];
  const add = (found, describe, advice) => found.length && findings.push([describe(found), advice]);
  add(await missingParts(files.map(({ path }) => path)), messages.partsMissing, messages.partsAdvice);
  add(archives.damaged, messages.archivesDamaged, messages.damagedAdvice);
  add(archives.encrypted, messages.archivesEncrypted, messages.encryptedAdvice);
  // The pictures may be in an archive whose content is not known.
  if (archives.isComplete) add(await loneSidecars(paths), messages.loneSidecars, messages.sidecarsAdvice);
  return findings;
}

function ask(findings, facts) {
  return new Promise((resolve) => {
    const decide = (isToBeSent) => {
      byId("review").hidden = true;
      resolve(isToBeSent);
    };
    byId("review-findings").replaceChildren(...findings.map(findingRow));
    byId("review-facts").textContent = facts.filter(Boolean).join(" ");
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
