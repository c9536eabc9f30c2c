// One file by tus 1.0 (https://tus.io): create, then PATCH after PATCH. A repeated creation finds the file again and
// answers with its offset, or with why it was not taken; so that is also how sending goes on after any failure.

import { say } from "./words.js";

const SIGNED_OUT = new Set([401, 403]);
const AGAIN = new Set([0, 408, 409, 423, 425, 429]);
const LONGEST_PAUSE = 15000;

// The batch is gone: no file of it can be sent any more.
export class BatchGone extends Error {}

export function encodeMetadata(pairs) {
  const base64 = (text) => btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""));
  return Object.entries(pairs).map(([key, value]) => `${key} ${base64(String(value))}`).join(",");
}

// XMLHttpRequest, because fetch does not tell how much of a body has gone out. Status 0: the server was not reached.
function exchange(method, url, headers, body = null, onSent = null) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const finish = () => resolve({
      status: request.status,
      text: request.responseText,
      header: (name) => request.getResponseHeader(name),
    });
    request.open(method, url);
    for (const [name, value] of Object.entries({ "Tus-Resumable": "1.0.0", ...headers })) {
      request.setRequestHeader(name, value);
    }
    if (onSent) request.upload.addEventListener("progress", (event) => onSent(event.loaded));
    request.addEventListener("loadend", finish);
    request.send(body);
  });
}

// Full jitter: many lanes and many people do not come back at the same moment.
function pause(attempt) {
  const longest = Math.min(LONGEST_PAUSE, 500 * 2 ** attempt);
  return new Promise((resolve) => setTimeout(resolve, longest * (0.5 + Math.random() / 2)));
}

async function isReadable(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

// What a failed answer means: wait and go on (null), or an end for this file. Rejects with BatchGone.
async function afterFailure({ status, text }, attempt, batch) {
  if (status === 404 || (status === 410 && text.startsWith("batch."))) throw new BatchGone(text);
  if (SIGNED_OUT.has(status)) {
    await batch.signIn();
    return null;
  }
  if (!AGAIN.has(status) && status < 500) return refusal(text);
  if (status !== 409) batch.onTrouble(status === 0 ? say.away : wordsOf(text) || say.busy);
  if (status !== 409 || attempt) await pause(attempt);
  return null;
}

// The file vanished from this computer: the server must not wait for the rest of it.
async function giveUp(location) {
  if (location) await exchange("DELETE", location, {});
  return { words: say.unreadable, local: !location };
}

const wordsOf = (text) => (/^[a-z_.]+: /.test(text) ? text.slice(text.indexOf(": ") + 2) : "");

const refusal = (text) => ({ words: wordsOf(text) || text || say.busy, local: false });

// Sends a file; resolves to null when it is all there, or to {words, local} when it was not taken: `local` when the
// server does not know of it. `onSent(bytes)` hears how much of the file is out; `batch.signIn` resolves when a person
// who was signed out goes on. Rejects with BatchGone.
export async function sendFile({ file, path }, batch, onSent) {
  const facts = { batch: batch.id, filename: file.name, relative_path: path, last_modified: file.lastModified };
  const creation = { "Upload-Length": file.size, "Upload-Metadata": encodeMetadata(facts) };
  let location = null;
  for (let attempt = 0; ; attempt += 1) {
    if (!(await isReadable(file))) return giveUp(location);
    let answer = await exchange("POST", batch.tusUrl, creation);
    if (answer.status === 201) {
      if (answer.text) return refusal(answer.text);
      location = answer.header("Location");
      const moved = await sendRest(location, file, Number(answer.header("Upload-Offset")), batch, onSent);
      if (moved.complete) return null;
      if (moved.any) attempt = 0;
      answer = moved.answer;
    }
    const end = await afterFailure(answer, attempt, batch);
    if (end) return end;
  }
}

// PATCH after PATCH from `offset` on, until all is there or one of them fails.
async function sendRest(location, file, offset, batch, onSent) {
  let any = false;
  while (offset < file.size) {
    onSent(offset);
    const answer = await patch(location, file, offset, batch.chunkBytes, onSent);
    if (answer.status !== 204) return { complete: false, any, answer };
    batch.onTrouble("");
    any = true;
    offset = Number(answer.header("Upload-Offset"));
  }
  return { complete: true };
}

function patch(location, file, offset, chunkBytes, onSent) {
  const headers = { "Content-Type": "application/offset+octet-stream", "Upload-Offset": offset };
  return exchange("PATCH", location, headers, file.slice(offset, offset + chunkBytes), (loaded) => onSent(offset + loaded));
}
