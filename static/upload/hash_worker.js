// A web worker that computes the SHA-256 of a file piece by piece. Posts a number after each piece to show that it is
// alive, then the hex digest, or null if the file cannot be read.

import { sha256 } from "../vendor/noble-hashes-2.4.0/sha2.js";
import { bytesToHex } from "../vendor/noble-hashes-2.4.0/utils.js";

const PIECE_BYTES = 4 * 2 ** 20;

async function digest(file) {
  const hash = sha256.create();
  const read = (offset) => file.slice(offset, offset + PIECE_BYTES).arrayBuffer();
  let nextPiece = read(0);
  for (let offset = 0; offset < file.size; offset += PIECE_BYTES) {
    const piece = new Uint8Array(await nextPiece);
    // Reading overlaps with hashing.
    nextPiece = offset + PIECE_BYTES < file.size ? read(offset + PIECE_BYTES) : null;
    hash.update(piece);
    self.postMessage(offset);
  }
  return bytesToHex(hash.digest());
}

self.onmessage = async ({ data: file }) => {
  self.postMessage(await digest(file).catch(() => null));
};
