// A worker of its own: reads a file piece by piece and digests it, while the page stays free.

import { sha256 } from "../vendor/noble-hashes-2.4.0/sha2.js";
import { hex } from "./fingerprint.js";

const PIECE = 4 * 2 ** 20;

// The next piece is read while this one is digested.
async function digest(file) {
  const running = sha256.create();
  const read = (at) => file.slice(at, at + PIECE).arrayBuffer();
  let ahead = read(0);
  for (let at = 0; at < file.size; at += PIECE) {
    const piece = new Uint8Array(await ahead);
    ahead = at + PIECE < file.size ? read(at + PIECE) : null;
    running.update(piece);
    self.postMessage(at);
  }
  return hex(running.digest());
}

// Numbers on the way, which show that it is at work; then the digest, or null for a file that cannot be read: sending it
// will say so.
self.onmessage = async ({ data: file }) => {
  self.postMessage(await digest(file).catch(() => null));
};
