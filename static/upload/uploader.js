// Uploads the queued files, a few in parallel. Creating an upload again returns its offset, or the reason why the file
// was rejected; this is how an upload continues after any failure.

import { reportIgnored } from "./ignored_files.js";
import { errorText, messages } from "./messages.js";
import { backoff } from "./network.js";
import { create, patch, terminate } from "./tus_client.js";

export const PARALLEL_UPLOADS = 5;
const CONFLICT = 409;
// Responses to DELETE that end an upload; with CONFLICT the file is complete on the server.
const TERMINATED = new Set([204, 404, CONFLICT, 410]);
// A file rejected with one of these codes has a row on the server; other rejections are known only to this page.
const RECORDED = /^(archive|file|item|sidecar|upload)\./;
// Failures that may affect only one file. After MAX_FAILURES attempts, the file is postponed and others go first.
const FILE_FAILURES = new Set([423, 500, 507]);
const MAX_FAILURES = 5;

// Uploads until the queue ends. Rejects with BatchGone or UploadForbidden as soon as no more files can be uploaded.
export async function uploadAll(queue, batch, progress) {
  // The number of files postponed since the last success.
  let postponed = 0;
  const delay = () => (postponed ? backoff(Math.floor(postponed / PARALLEL_UPLOADS)) : 0);
  const uploadNext = async (slot) => {
    for (let selected = await queue.take(delay()); selected; selected = await queue.take(delay())) {
      const upload = progress.start(selected, slot);
      const rejection = await uploadFile(selected, batch, upload);
      if (rejection?.postpone) {
        postponed += 1;
        upload.postpone();
        // Show no warning while other files can be uploaded.
        if (!queue.postpone(selected)) batch.connection.warn(rejection.reason);
      } else {
        if (!rejection) postponed = 0;
        upload.finish(rejection);
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: PARALLEL_UPLOADS }, (_, slot) => uploadNext(slot)));
  } finally {
    queue.abort();
  }
}

// Resolves to null when the file is uploaded, to {reason, postpone: true} when only this file must wait, or to {reason,
// recorded} when it was rejected; `recorded` tells whether the server has a record of it. `upload` comes from
// Progress.start(). Rejects with BatchGone or UploadForbidden.
async function uploadFile(selected, batch, upload) {
  const file = await selected.file().catch(() => null);
  if (!file) return ignoreUnreadable(selected, batch);
  for (;;) {
    const { failure, location, rejection } = await sendFrom(selected, file, batch, upload);
    if (!failure) return rejection ? { reason: errorText(rejection), recorded: true } : null;
    if (failure.trySmaller) continue;
    if (failure.status === 0 && !(await isReadable(file))) return abandon(selected, file, batch, location);
    // After an interrupted request, the server may still be busy with its bytes.
    const warning = failure.status === 423 && selected.interrupted ? messages.stillWriting : errorText(failure.text);
    selected.failures += 1;
    if (mustPostpone(failure, selected)) return { reason: warning, postpone: true };
    const reason = await batch.connection.afterFailure(failure, selected.failures - 1, warning);
    if (reason !== null) return { reason, recorded: RECORDED.test(failure.text) };
  }
}

// The import lists the file as ignored rather than as a problem, so this page stays open to show its name.
async function ignoreUnreadable(selected, batch) {
  selected.ignored = "unreadable";
  await reportIgnored([selected], batch);
  return { reason: messages.unreadableFile, recorded: false };
}

// Sends the bytes that the server does not have yet. Resolves to {} at the end of the file, to {rejection} when the
// server rejected it, or to {failure, location} with the response that failed.
async function sendFrom(selected, file, batch, upload) {
  await batch.connection.ready();
  const created = await create(selected, file, batch, upload.sent);
  if (created.status !== 201) return { failure: created, location: null };
  batch.connection.succeeded();
  if (created.text) return { rejection: created.text };
  const location = created.header("Location");
  let offset = Number(created.header("Upload-Offset"));
  upload.received(offset);
  while (offset < file.size) {
    await batch.connection.ready();
    const response = await patch(location, selected, file, offset, batch, upload.sent);
    if (response.status !== 204) return { failure: response, location };
    batch.connection.succeeded();
    selected.failures = 0;
    offset = Number(response.header("Upload-Offset"));
    upload.sent(offset);
  }
  return {};
}

// A disk that has no space for this file may have space for smaller ones.
const mustPostpone = ({ status, text }, { failures }) =>
  (status === 507 && text.startsWith("storage.full")) || (FILE_FAILURES.has(status) && failures >= MAX_FAILURES);

async function isReadable(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

// Terminates the upload of a file that can no longer be read, so that the server does not wait for the rest. The server
// may have registered the file even if its response was lost. Resolves and rejects like uploadFile().
async function abandon(selected, file, batch, location) {
  for (let attempt = 0; ; attempt += 1) {
    await batch.connection.ready();
    const response = await (location ? terminate(location) : create(selected, file, batch));
    if (!location && response.status === 201) {
      if (response.text) return { reason: errorText(response.text), recorded: true };
      location = response.header("Location");
    } else if (location && TERMINATED.has(response.status)) {
      batch.connection.succeeded();
      return response.status === CONFLICT ? null : { reason: messages.unreadableFile, recorded: true };
    } else {
      const reason = await batch.connection.afterFailure(response, attempt);
      if (reason !== null) return { reason, recorded: true };
    }
  }
}
