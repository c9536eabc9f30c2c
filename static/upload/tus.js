// One file by tus 1.0 (https://tus.io): create, then PATCH after PATCH. A repeated creation finds the file again and
// answers with its offset, or with why it was not taken; so that is also how sending goes on after any failure.

import { say } from "./words.js";
import { wordsOf } from "./reasons.js";
import { exchange } from "./wire.js";

const BYTES = "application/offset+octet-stream";
const base64 = (text) => btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""));

export function encodeMetadata(pairs) {
  return Object.entries(pairs).map(([key, value]) => `${key} ${base64(String(value))}`).join(",");
}

const speak = (method, url, headers, body, onSent) =>
  exchange(method, url, { "Tus-Resumable": "1.0.0", ...headers }, body, onSent);

// Whether the server takes a small file together with its creation.
export async function takesBodies(tusUrl) {
  const { header } = await speak("OPTIONS", tusUrl, {});
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

// The file vanished from this computer: the server must not wait for the rest of it.
async function giveUp(location) {
  if (location) await speak("DELETE", location, {});
  return { words: say.gone, local: !location };
}

// Sends a file; resolves to null when it is all there, or to {words, local} when it was not taken: `local` when the
// server does not know of it. `onSent(bytes)` hears how much of the file is out. Rejects with BatchGone.
export async function sendFile(one, batch, onSent) {
  const file = await one.file().catch(() => null);
  if (!file) return giveUp(null);
  const { line } = batch;
  let location = null;
  for (let attempt = 0; ; attempt += 1) {
    await line.ready();
    let answer = await create(one, file, batch, attempt === 0, onSent);
    if (answer.status === 201) {
      line.worked();
      if (answer.text) return { words: wordsOf(answer.text), local: false };
      location = answer.header("Location");
      const moved = await sendRest(location, file, Number(answer.header("Upload-Offset")), batch, onSent);
      if (moved.complete) return null;
      if (moved.any) attempt = 0;
      answer = moved.answer;
    }
    if (answer.status === 0 && !(await isReadable(file))) return giveUp(location);
    const words = await line.afterFailure(answer, attempt);
    if (words !== null) return { words, local: false };
  }
}

// The first time with the bytes, if they fit: one request for a small file. Later the offset is asked for first.
function create(one, file, batch, first, onSent) {
  const facts = { batch: batch.id, filename: file.name, relative_path: one.path, last_modified: file.lastModified };
  const headers = { "Upload-Length": file.size, "Upload-Metadata": encodeMetadata(facts) };
  const whole = first && batch.withBody && file.size > 0 && file.size <= batch.chunkBytes;
  if (!whole) return speak("POST", batch.tusUrl, headers);
  return speak("POST", batch.tusUrl, { ...headers, "Content-Type": BYTES }, file, onSent);
}

// PATCH after PATCH from `offset` on, until all is there or one of them fails.
async function sendRest(location, file, offset, batch, onSent) {
  let any = false;
  while (offset < file.size) {
    onSent(offset);
    await batch.line.ready();
    const answer = await patch(location, file, offset, batch.chunkBytes, onSent);
    if (answer.status !== 204) return { complete: false, any, answer };
    batch.line.worked();
    any = true;
    offset = Number(answer.header("Upload-Offset"));
  }
  return { complete: true };
}

function patch(location, file, offset, chunkBytes, onSent) {
  const headers = { "Content-Type": BYTES, "Upload-Offset": offset };
  return speak("PATCH", location, headers, file.slice(offset, offset + chunkBytes), (loaded) => onSent(offset + loaded));
}
