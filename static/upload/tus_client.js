// Requests of the tus 1.0 protocol (https://tus.io) for one file, and the size of their bodies.

import { isProxyLimit, request } from "./network.js";

const CONTENT_TYPE = "application/offset+octet-stream";
const OUT_OF_ROOM = /^(quota\.exceeded|batch\.full): /;
const MIN_CHUNK = 2 ** 17;
// By default, nginx accepts bodies of up to 1 MiB.
const USUAL_PROXY_LIMIT = 2 ** 20;
const GROW_AFTER = 4;

// The bytes of an aborted request are lost, so a connection that always breaks before the end of a chunk would send the
// same bytes forever. Each break therefore halves the chunk size, which grows again after a few successes. A size that
// a proxy has refused is not used again.
export class ChunkSize {
  #successes = 0;

  // `limit` is the number of bytes that the server accepts in one request.
  constructor(limit) {
    Object.assign(this, { limit, maximum: limit, bytes: limit });
  }

  // Call this when a body of `size` bytes was cut off. The failure of a small body says nothing about the connection.
  failed(size) {
    if (size <= MIN_CHUNK) return;
    this.bytes = Math.min(this.bytes, Math.max(MIN_CHUNK, Math.floor(size / 2)));
    this.#successes = 0;
  }

  // Call this when a proxy refused a body of `size` bytes as too large. Returns whether a smaller one may be accepted.
  // If not, the next body has the full size again, because the proxy's limit may have been raised.
  refused(size) {
    const mayShrink = size > MIN_CHUNK;
    const smaller = size > USUAL_PROXY_LIMIT ? USUAL_PROXY_LIMIT : Math.max(MIN_CHUNK, Math.floor(size / 2));
    this.maximum = mayShrink ? Math.min(this.maximum, smaller) : this.limit;
    this.bytes = mayShrink ? Math.min(this.bytes, smaller) : this.limit;
    return mayShrink;
  }

  // Call this when a body of `size` bytes was sent completely.
  succeeded(size) {
    if (size < this.bytes) return;
    this.#successes += 1;
    if (this.#successes < GROW_AFTER) return;
    this.bytes = Math.min(this.maximum, 2 * this.bytes);
    this.#successes = 0;
  }
}

const base64 = (text) => btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""));

function encodeMetadata(pairs) {
  return Object.entries(pairs).map(([key, value]) => `${key} ${base64(String(value))}`).join(",");
}

const tusRequest = (method, url, headers, body, onProgress) =>
  request(method, url, { "Tus-Resumable": "1.0.0", ...headers }, body, onProgress);

// Whether the server currently accepts the bytes of a small file in the request that registers it.
async function supportsCreationWithUpload(batch) {
  batch.serverOptions ??= tusRequest("OPTIONS", batch.urls.tus, {});
  const { status, header } = await batch.serverOptions;
  if (status < 200 || status >= 300) {
    // The next file checks this again.
    batch.serverOptions = null;
    await batch.connection.ready();
  }
  return (header("Tus-Extension") ?? "").split(",").includes("creation-with-upload");
}

// Registers a file, or finds out how much of it the server has. The first attempt includes the bytes of a small file,
// so that one request is enough. If the server has no space for it or fails, files are registered without bytes until
// one is accepted.
export async function create(selected, file, batch, onProgress) {
  const { registerFirst } = batch;
  const withBytes = !selected.started && !registerFirst && file.size > 0 && file.size <= batch.chunkSize.bytes;
  selected.started = true;
  const metadata = {
    batch: batch.id,
    filename: selected.name,
    relative_path: selected.path,
    last_modified: file.lastModified,
  };
  const headers = { "Upload-Length": file.size, "Upload-Metadata": encodeMetadata(metadata) };
  const response = await (withBytes && (await supportsCreationWithUpload(batch))
    ? sendBytes("POST", batch.urls.tus, headers, file, selected, batch, onProgress)
    : tusRequest("POST", batch.urls.tus, headers));
  if (OUT_OF_ROOM.test(response.text) || response.status >= 500) batch.registerFirst = true;
  // Keep the flag if this request was sent before the failure that set it.
  else if (registerFirst && response.status === 201) batch.registerFirst = false;
  return response;
}

// Sends the chunk that begins at `offset`.
export function patch(location, selected, file, offset, batch, onProgress) {
  const headers = { "Upload-Offset": offset };
  const body = file.slice(offset, offset + batch.chunkSize.bytes);
  return sendBytes("PATCH", location, headers, body, selected, batch, (loaded) => onProgress(offset + loaded));
}

// Tells the server that the rest of the file will not be sent.
export const terminate = (location) => tusRequest("DELETE", location, {});

async function sendBytes(method, url, headers, body, selected, batch, onProgress) {
  const response = await tusRequest(method, url, { "Content-Type": CONTENT_TYPE, ...headers }, body, onProgress);
  if (response.status === 0) {
    selected.interrupted = true;
    // A pause says nothing about the connection.
    if (!batch.connection.paused) batch.chunkSize.failed(body.size);
  } else if (response.status < 300) batch.chunkSize.succeeded(body.size);
  else if (isProxyLimit(response)) response.trySmaller = batch.chunkSize.refused(body.size);
  return response;
}
