// Resumes an import that was started earlier. The server knows which files it has; nothing is stored in the browser.

import { post, postWithRetry } from "./api.js";
import { messages } from "./messages.js";
import { loadStats } from "./selected_file.js";

const SAMPLE_SIZE = 32;
const byId = (id) => document.getElementById(id);

// Resolves to the batch that the user chooses to resume, or to null for a new one.
export async function chooseUnfinished(files, url) {
  const batches = await findUnfinished(files, url);
  return batches.length ? askWhichToResume(batches) : null;
}

// The unfinished batches that contain some of an evenly spaced sample of the files.
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
  row.querySelector("p").textContent = messages.alreadyUploaded(batch.here, batch.whole);
  const progress = row.querySelector("progress");
  progress.max = batch.whole || 1;
  progress.value = batch.here;
  progress.setAttribute("aria-label", batch.name);
  const button = row.querySelector("button");
  button.textContent = messages.resume;
  button.classList.toggle("primary", index === 0);
  button.addEventListener("click", () => decide(batch));
  return row;
}

// Closes the question because other files were selected. Returns whether it was open. Its promise never resolves.
export function dismissQuestion() {
  const wasOpen = !byId("resume-offer").hidden;
  byId("resume-offer").hidden = true;
  return wasOpen;
}

// The fingerprints of all files of the batch that need not be uploaded.
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
