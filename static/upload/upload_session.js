// Runs one upload, from the selected files to the sealed batch.

import { isOtherAccount, ping, post, postWithRetry } from "./api.js";
import { Queue } from "./concurrency.js";
import { reportIgnored, unreadableFolders } from "./ignored_files.js";
import { messages } from "./messages.js";
import { BatchGone, Connection, UploadForbidden } from "./network.js";
import { chooseUnfinished, loadFinishedFingerprints, queueMissing, registerCopies } from "./preflight.js";
import { Progress } from "./progress.js";
import { ProgressView } from "./progress_view.js";
import { commonFolder, loadStats } from "./selected_files.js";
import { ChunkSize } from "./tus_client.js";
import { separateTwins } from "./twin_files.js";
import { uploadAll } from "./uploader.js";

const QUEUE_CAPACITY = 1000;
// After 30 s without a request, the server reports the upload as interrupted, but hashing or a pause may take longer.
const KEEP_ALIVE_INTERVAL = 10000;

// `selection` comes from selected_files.js, `name` may be empty, `page` holds the server's addresses and limits, and
// `notes` are sentences to show about the selection.
export async function runUpload(selection, name, page, notes = []) {
  const { files, copies } = await separateTwins(selection.files);
  const target = await chooseBatch(files, selection.unreadable.length, name, page);
  const progress = startProgress(selection.files, copies);
  const view = new ProgressView(target, progress);
  showNotes(selection, notes, view);
  const connection = new Connection((text, onResume) => view.warn(text, onResume), () => isOtherAccount(page));
  view.connectPauseButton(connection);
  showLiveSummary(target.id);
  const batch = { ...target, connection, urls: page.urls, chunkSize: new ChunkSize(page.maxChunk) };
  protectPage();
  const keepAlive = setInterval(() => ping(`${batch.url}keep-alive/`), KEEP_ALIVE_INTERVAL);
  try {
    const ignored = [...selection.ignored, ...unreadableFolders(selection.unreadable)];
    await Promise.all([uploadMissing(files, batch, progress), reportIgnored(ignored, batch)]);
    await registerCopies(copies, batch);
    await finish(batch, view, () => !progress.unrecorded && page.mayLeave());
  } catch (error) {
    releasePage();
    view.stop(failureText(error));
    if (!(error instanceof BatchGone || error instanceof UploadForbidden)) throw error;
  } finally {
    clearInterval(keepAlive);
    connection.close();
  }
}

// The page's batch, an unfinished one, or a new one. `folders` is the number of unreadable folders, which count as
// expected files until they are reported.
async function chooseBatch(files, folders, enteredName, page) {
  if (await isOtherAccount(page)) throw new Error(messages.otherAccount);
  const existing = page.batch ?? (await chooseUnfinished(files, page.urls.unfinished));
  if (existing) return { ...existing, existing: true };
  const name = enteredName || commonFolder(files) || messages.defaultName(new Date());
  return { ...(await post(page.urls.open, { name, expected_items: files.length + folders })), name };
}

function showNotes({ ignored, unreadable }, notes, view) {
  const count = ignored.length;
  const unread = unreadable.length && messages.unreadableFolders(unreadable);
  view.showNotes(...notes, count && messages.filesIgnored(count), unread);
}

function startProgress(files, copies) {
  const progress = new Progress(files.length);
  for (const copy of copies) {
    progress.addSize(copy.size);
    progress.skip(copy, "duplicates");
  }
  return progress;
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

// Opens the batch page, unless this page shows information that is available nowhere else.
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

// During the upload, this page also shows how far the batch has been processed. It uses the summary of the batch page,
// which arrives over the batch's socket.
let liveSummary = null;

// The first frame contains all live parts of the batch page, and later frames those that have changed. This page shows
// two of them. The server waits up to 10 s for an acknowledgement before it sends the next frame.
function showFrame(event) {
  event.preventDefault();
  const frame = new DOMParser().parseFromString(event.detail.message, "text/html");
  const summary = frame.getElementById("summary");
  if (summary) liveSummary.replaceChildren(summary);
  const running = frame.getElementById("running");
  if (running) document.getElementById("running").replaceWith(running);
  event.detail.socketWrapper.send("seen");
}

// Replaces the page's socket for all batches (base.html) with the socket of this batch.
function showLiveSummary(batchId) {
  if (!window.htmx) return;
  liveSummary = document.getElementById("live");
  document.addEventListener("htmx:wsBeforeMessage", showFrame);
  const socket = document.getElementById("connection");
  const replacement = socket.cloneNode();
  replacement.setAttribute("ws-connect", `/ws/batches/${batchId}/`);
  replacement.hidden = true;
  // The upload shows its own messages when the connection is lost or the user is signed out.
  delete replacement.dataset.connectionLost;
  delete replacement.dataset.signedOut;
  window.htmx.swap(socket, replacement.outerHTML, { swapStyle: "outerHTML" });
}

// During the upload, the browser asks for confirmation before leaving the page. The screen stays on if the browser
// supports this (HTTPS or localhost only), because a sleeping phone stops uploading.
let protectedPage = false;
let wakeLock = null;

const confirmLeaving = (event) => event.preventDefault();

async function keepScreenOn() {
  if (!protectedPage || wakeLock || document.visibilityState !== "visible") return;
  // The browser rejects the request when the battery is low.
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
