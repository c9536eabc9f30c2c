// Finds out which files need not be uploaded because an earlier, unfinished import or the library already has them.
// This information comes from the server; nothing is stored in the browser.

import { post, postWithRetry } from "./api.js";
import { yieldToPage } from "./concurrency.js";
import { Hasher } from "./hashing.js";
import { reportIgnored } from "./ignored_files.js";
import { messages } from "./messages.js";
import { describe, loadStats } from "./selected_files.js";

const SAMPLE_SIZE = 32;
const PAGE_SIZE = 500;
const DIGESTS_AT_ONCE = 100;
const MAX_DIGEST_WAIT = 2000;
const byId = (id) => document.getElementById(id);

// Resolves to the batch that the user chooses to resume, or to null for a new one.
export async function chooseUnfinished(files, url) {
  const batches = await findUnfinished(files, url);
  return batches.length ? askWhichToResume(batches) : null;
}

// The unfinished batches that contain any of the files in an evenly spaced sample.
async function findUnfinished(files, url) {
  const step = Math.max(1, Math.floor(files.length / SAMPLE_SIZE));
  const sample = files.filter((_, index) => index % step === 0);
  await loadStats(sample);
  const { batches } = await post(url, { fingerprints: sample.map(({ fingerprint }) => fingerprint) });
  return batches;
}

function askWhichToResume(batches) {
  return new Promise((resolve) => {
    const decide = (batch) => {
      byId("resume-offer").hidden = true;
      resolve(batch);
    };
    byId("resume-choices").replaceChildren(...batches.map((batch, index) => choiceRow(batch, index, decide)));
    byId("start-new").onclick = () => decide(null);
    byId("drop-zone").hidden = true;
    byId("resume-offer").hidden = false;
    byId("resume-title").focus();
  });
}

function choiceRow(batch, index, decide) {
  const row = byId("resume-row").content.firstElementChild.cloneNode(true);
  row.querySelector("h2").textContent = messages.resumeQuestion(batch.name);
  row.querySelector("p").textContent = messages.alreadyUploaded(batch.received, batch.expected);
  const progress = row.querySelector("progress");
  progress.max = batch.expected || 1;
  progress.value = batch.received;
  progress.setAttribute("aria-label", batch.name);
  const button = row.querySelector("button");
  button.textContent = messages.resume;
  button.classList.toggle("primary", index === 0);
  button.addEventListener("click", () => decide(batch));
  return row;
}

// Closes the question, because other files were selected, and returns whether it was open. chooseUnfinished() then
// never resolves.
export function dismissQuestion() {
  const wasOpen = !byId("resume-offer").hidden;
  byId("resume-offer").hidden = true;
  return wasOpen;
}

// The fingerprints of all the batch's files that need not be uploaded.
export async function loadFinishedFingerprints(batch) {
  const finished = new Set();
  let after = 0;
  while (after !== null) {
    const page = await postWithRetry(batch.connection, `${batch.url}manifest/`, { after });
    if (!page) break;
    for (const [fingerprint, , , state] of page.items) if (state !== "missing") finished.add(fingerprint);
    after = page.next;
  }
  return finished;
}

// Reports empty files as ignored, because they have no bytes to send.
async function ignoreEmpty(page, batch, progress) {
  const empty = page.filter(({ size }) => !size);
  for (const file of empty) {
    file.ignored = "empty";
    progress.skip(file, "ignored");
  }
  await reportIgnored(empty, batch);
}

// Tells the server which files will be sent, so that files that never arrive stay listed in the batch. The files are
// divided into pages of PAGE_SIZE. Returns a promise for each page, which resolves when the page is announced.
function announcePages(files, batch, progress) {
  const announced = [];
  let previous = Promise.resolve();
  for (let start = 0; start < files.length; start += PAGE_SIZE) {
    const page = files.slice(start, start + PAGE_SIZE);
    previous = previous.then(async () => {
      await loadStats(page, progress);
      // Without size and date, an announced file would never match the file that is sent.
      const readable = page.filter(({ unreadable }) => !unreadable);
      await ignoreEmpty(readable, batch, progress);
      const content = { files: readable.filter(({ ignored }) => !ignored).map(describe) };
      if (!content.files.length) return;
      await postWithRetry(batch.connection, `${batch.url}announce/`, content, { optional: true });
    });
    // The code that awaits the page handles errors.
    previous.catch(() => {});
    announced.push(previous);
  }
  return announced;
}

// Fills `queue` page by page, while files are already being sent, and then closes it. `finished` holds the fingerprints
// of files that the batch already has. Rejects with BatchGone or UploadForbidden.
export async function queueMissing(files, batch, finished, progress, queue) {
  const hasher = new Hasher();
  const announced = announcePages(files, batch, progress);
  let deduplication = Promise.resolve();
  try {
    for (let start = 0; start < files.length; start += PAGE_SIZE) {
      const page = files.slice(start, start + PAGE_SIZE);
      await announced[start / PAGE_SIZE];
      const missing = await skipFinished(page, finished, progress);
      const { fresh, candidates } = await splitBySize(missing, batch);
      // Pages are hashed one after another, but hashing does not delay the next page of new files.
      deduplication = deduplication.then(() => skipDuplicates(candidates, batch, hasher, progress, queue));
      deduplication.catch(() => queue.abort());
      for (const file of fresh) await queue.put(file);
    }
    await deduplication;
  } finally {
    hasher.close();
    queue.close();
  }
}

// Registers copies of files that have been sent. The server completes them without receiving their bytes.
export async function registerCopies(copies, batch) {
  for (let start = 0; start < copies.length; start += PAGE_SIZE) {
    const page = copies.slice(start, start + PAGE_SIZE);
    const files = page.map((copy) => ({ ...describe(copy), sha256: copy.sha256 }));
    await postWithRetry(batch.connection, `${batch.url}unsent/`, { files }, { optional: true });
  }
}

async function skipFinished(page, finished, progress) {
  const missing = [];
  for (const file of page) {
    if (file.ignored) continue;
    if (finished.has(file.fingerprint)) progress.skip(file, "resumed");
    else missing.push(file);
    await yieldToPage();
  }
  return missing;
}

// Only files whose size occurs in the library can be duplicates, so only these are hashed. Comparing sizes is cheap.
async function splitBySize(page, batch) {
  const sizes = [...new Set(page.map(({ size }) => size))].filter((size) => size > 0);
  const url = batch.urls.sizes;
  const answer = sizes.length ? await postWithRetry(batch.connection, url, { sizes }, { optional: true }) : null;
  const occurring = new Set(answer?.sizes);
  return {
    fresh: page.filter(({ size }) => !occurring.has(size)),
    candidates: page.filter(({ size }) => occurring.has(size)),
  };
}

// Hashes files one by one, looks them up on the server in groups, and queues those that the server does not have.
async function skipDuplicates(candidates, batch, hasher, progress, queue) {
  let hashed = [];
  let lastCheck = performance.now();
  const check = async () => {
    const page = hashed;
    hashed = [];
    lastCheck = performance.now();
    if (page.length) await checkDigests(page, batch, progress, queue);
  };
  for (const selected of candidates) {
    await batch.connection.ready();
    const file = await selected.file().catch(() => null);
    const sha256 = file && (await hasher.digest(file));
    if (sha256) hashed.push({ selected, file, sha256 });
    else await queue.put(selected);
    if (hashed.length >= DIGESTS_AT_ONCE || performance.now() - lastCheck > MAX_DIGEST_WAIT) await check();
  }
  await check();
}

async function checkDigests(hashed, batch, progress, queue) {
  const files = hashed.map(({ selected, sha256 }) => ({ ...describe(selected), sha256 }));
  const answer = await postWithRetry(batch.connection, `${batch.url}unsent/`, { files }, { optional: true });
  for (const [index, { selected }] of hashed.entries()) {
    const { state, message } = answer?.files[index] ?? { state: "unknown" };
    if (state === "unknown") await queue.put(selected);
    else if (state === "refused") progress.rejectUnsent(selected, message);
    else progress.skip(selected, "duplicates");
  }
}
