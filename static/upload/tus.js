// One file by tus 1.0 (https://tus.io): create, then PATCH after PATCH. A repeated creation finds the file again and
// answers with its offset, or with why it was not taken; so that is also how sending goes on after any failure.

import { say } from "./words.js";
import { wordsOf } from "./reasons.js";
import { exchange } from "./wire.js";

const BYTES = "application/offset+octet-stream";
// What a DELETE is answered with when nothing waits for the file any more.
const ALL_HERE = 409;
const GIVEN_UP = new Set([204, 404, ALL_HERE, 410]);
const base64 = (text) => btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""));

export function encodeMetadata(pairs) {
  return Object.entries(pairs).map(([key, value]) => `${key} ${base64(String(value))}`).join(",");
}

const speak = (method, url, headers, body, onSent) =>
  exchange(method, url, { "Tus-Resumable": "1.0.0", ...headers }, body, onSent);

// Whether the server takes a small file together with its creation.
async function takesBodies(batch) {
  batch.abilities ??= speak("OPTIONS", batch.tusUrl, {});
  const { status, header } = await batch.abilities;
  // The line was cut: the next file asks again.
  if (status < 200 || status >= 300) {
    batch.abilities = null;
    await batch.line.ready();
  }
  return (header("Tus-Extension") ?? "").split(",").includes("creation-with-upload");
}

async function isReadable(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

// The file vanished from this computer: the server, which may have heard of it even where its answer was lost, must not
// wait for the rest of it. Resolves and rejects as sendFile.
async function giveUp(one, file, batch, location) {
  for (let attempt = 0; ; attempt += 1) {
    await batch.line.ready();
    const answer = await (location ? speak("DELETE", location, {}) : create(one, file, batch, false));
    if (!location && answer.status === 201) {
      if (answer.text) return { words: wordsOf(answer.text), local: false };
      location = answer.header("Location");
    } else if (location && GIVEN_UP.has(answer.status)) {
      batch.line.worked();
      return answer.status === ALL_HERE ? null : { words: say.gone, local: false };
    } else {
      const words = await batch.line.afterFailure(answer, attempt);
      if (words !== null) return { words, local: false };
    }
  }
}

// Sends a file; resolves to null when it is all there, or to {words, local} when it was not taken: `local` when the
// server does not know of it. `bytes` is what meter.begin() gave. Rejects with BatchGone or NoneTaken.
export async function sendFile(one, batch, bytes) {
  const file = await one.file().catch(() => null);
  if (!file) return { words: say.gone, local: true };
  const { line } = batch;
  let location = null;
  for (let attempt = 0; ; attempt += 1) {
    await line.ready();
    let answer = await create(one, file, batch, attempt === 0, bytes);
    if (answer.status === 201) {
      line.worked();
      if (answer.text) return { words: wordsOf(answer.text), local: false };
      location = answer.header("Location");
      const moved = await sendRest(location, file, Number(answer.header("Upload-Offset")), batch, bytes);
      if (moved.complete) return null;
      if (moved.any) attempt = 0;
      answer = moved.answer;
    }
    if (answer.status === 0 && !(await isReadable(file))) return giveUp(one, file, batch, location);
    const words = await line.afterFailure(answer, attempt);
    if (words !== null) return { words, local: false };
  }
}

// The first time with the bytes, if they fit: one request for a small file. Later the offset is asked for first.
async function create(one, file, batch, first, bytes) {
  const facts = { batch: batch.id, filename: file.name, relative_path: one.path, last_modified: file.lastModified };
  const headers = { "Upload-Length": file.size, "Upload-Metadata": encodeMetadata(facts) };
  const small = first && file.size > 0 && file.size <= batch.chunkBytes;
  if (!small || !(await takesBodies(batch))) return speak("POST", batch.tusUrl, headers);
  return speak("POST", batch.tusUrl, { ...headers, "Content-Type": BYTES }, file, bytes.sent);
}

// PATCH after PATCH from `offset` on, until all is there or one of them fails.
async function sendRest(location, file, offset, batch, bytes) {
  let any = false;
  bytes.here(offset);
  while (offset < file.size) {
    await batch.line.ready();
    const answer = await patch(location, file, offset, batch.chunkBytes, bytes.sent);
    if (answer.status !== 204) return { complete: false, any, answer };
    batch.line.worked();
    any = true;
    offset = Number(answer.header("Upload-Offset"));
    bytes.sent(offset);
  }
  return { complete: true };
}

function patch(location, file, offset, chunkBytes, onSent) {
  const headers = { "Content-Type": BYTES, "Upload-Offset": offset };
  return speak("PATCH", location, headers, file.slice(offset, offset + chunkBytes), (loaded) => onSent(offset + loaded));
}
