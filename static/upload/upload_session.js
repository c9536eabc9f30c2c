// One upload from the selected files to a sealed batch.

import { post, postWithRetry } from "./api.js";
import { Queue } from "./concurrency.js";
import { commonFolder } from "./file_picker.js";
import { showLiveSummary } from "./live_summary.js";
import { messages } from "./messages.js";
import { BatchGone, Connection, UploadForbidden } from "./network.js";
import { queueMissing } from "./preflight.js";
import { Progress } from "./progress.js";
import { ProgressView } from "./progress_view.js";
import { chooseUnfinished, loadFinishedFingerprints } from "./resume.js";
import { loadStats } from "./selected_file.js";
import { ChunkSize } from "./tus_client.js";
import { uploadAll } from "./uploader.js";

const QUEUE_CAPACITY = 1000;

// `selection` comes from file_picker.js, `name` may be empty, `page` holds the addresses and limits of the server.
export async function runUpload(selection, name, page) {
  const { files, junk, unreadable } = selection;
  const target = await chooseBatch(files, name, page);
  const progress = new Progress(files.length);
  const view = new ProgressView(target, progress);
  view.showIgnored(junk && messages.junkIgnored(junk), unreadable.length && messages.unreadableFolders(unreadable));
  const connection = new Connection((text, onResume) => view.warn(text, onResume));
  view.connectPauseButton(connection);
  showLiveSummary(target.id);
  const batch = { ...target, connection, urls: page.urls, chunkSize: new ChunkSize(page.maxChunk) };
  protectPage();
  try {
    await uploadMissing(files, batch, progress);
    await finish(batch, view, () => !progress.unrecorded && page.mayLeave());
  } catch (error) {
    releasePage();
    view.stop(failureText(error));
    if (!(error instanceof BatchGone || error instanceof UploadForbidden)) throw error;
  } finally {
    connection.close();
  }
}

// The batch that the page is for, one that was started earlier, or a new one.
async function chooseBatch(files, enteredName, page) {
  const existing = page.batch ?? (await chooseUnfinished(files, page.urls.unfinished));
  if (existing) return { ...existing, existing: true };
  const name = enteredName || commonFolder(files) || messages.defaultName(new Date());
  return { ...(await post(page.urls.open, { name, expected_items: files.length })), name };
}

async function uploadMissing(files, batch, progress) {
  const finished = batch.existing ? await loadFinishedFingerprints(batch) : new Set();
  const queue = new Queue(QUEUE_CAPACITY);
  await Promise.all([
    uploadAll(queue, batch, progress),
    queueMissing(files, batch, finished, progress, queue),
    loadStats(files, progress),
  ]);
}

// Opens the page of the batch, unless this page shows information that is available nowhere else.
async function finish(batch, view, mayLeave) {
  view.finish();
  const sealed = await postWithRetry(batch.connection, `${batch.url}seal/`, {});
  releasePage();
  if (!sealed) view.warn(messages.notSealed);
  else if (mayLeave()) window.location.assign(batch.url);
}

function failureText(error) {
  if (error instanceof BatchGone) return messages.batchGone;
  return error instanceof UploadForbidden ? error.message : messages.crashed;
}

// While files are uploaded the browser asks before the page is left, and the screen stays on where the browser supports
// it (HTTPS or localhost only): a sleeping phone stops uploading.
let protectedPage = false;
let wakeLock = null;

const confirmLeaving = (event) => event.preventDefault();

async function keepScreenOn() {
  if (!protectedPage || wakeLock || document.visibilityState !== "visible") return;
  // Rejected when the battery is low.
  wakeLock = await navigator.wakeLock?.request("screen").catch(() => null);
  wakeLock?.addEventListener("release", () => {
    wakeLock = null;
  });
}

function protectPage() {
  protectedPage = true;
  window.addEventListener("beforeunload", confirmLeaving);
  document.addEventListener("visibilitychange", keepScreenOn);
  keepScreenOn();
}

function releasePage() {
  protectedPage = false;
  window.removeEventListener("beforeunload", confirmLeaving);
  document.removeEventListener("visibilitychange", keepScreenOn);
  wakeLock?.release();
}
