// What is said to the server of one file, by tus 1.0 (https://tus.io).

import { exchange } from "./wire.js";

const BYTES = "application/offset+octet-stream";
const FULL = /^(quota\.exceeded|batch\.full): /;
const base64 = (text) => btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""));

function encodeMetadata(pairs) {
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

// Announces a file, or asks how much of it is here. The first time with the bytes, if they fit: one request for a small
// file. After one that could not be taken the next are announced before their bytes go out, until one is taken again.
export async function create(one, file, batch, onSent) {
  const { wary } = batch;
  const small = !one.begun && !wary && file.size > 0 && file.size <= batch.chunk.bytes;
  one.begun = true;
  const facts = { batch: batch.id, filename: file.name, relative_path: one.path, last_modified: file.lastModified };
  const headers = { "Upload-Length": file.size, "Upload-Metadata": encodeMetadata(facts) };
  const answer = await (small && (await takesBodies(batch))
    ? sendBytes("POST", batch.tusUrl, headers, file, one, batch, onSent)
    : speak("POST", batch.tusUrl, headers));
  if (FULL.test(answer.text) || answer.status >= 500) batch.wary = true;
  // One that was on its way before says nothing of what is taken now.
  else if (wary && answer.status === 201) batch.wary = false;
  return answer;
}

// Sends a chunk of it from `offset` on.
export function patch(location, one, file, offset, batch, onSent) {
  const headers = { "Upload-Offset": offset };
  const body = file.slice(offset, offset + batch.chunk.bytes);
  return sendBytes("PATCH", location, headers, body, one, batch, (loaded) => onSent(offset + loaded));
}

// Says that the rest of it will not come.
export const withdraw = (location) => speak("DELETE", location, {});

async function sendBytes(method, url, headers, body, one, batch, onSent) {
  const answer = await speak(method, url, { "Content-Type": BYTES, ...headers }, body, onSent);
  if (answer.status === 0) {
    one.cut = true;
    // A person who pauses says nothing of the line.
    if (!batch.line.paused) batch.chunk.cut(body.size);
  } else if (answer.status < 300) batch.chunk.passed(body.size);
  return answer;
}
