// What tells one file of a batch from another before its bytes are there: the same digest as the server's
// batches/intake/file_name.py, of path, size and time of change. No crypto.subtle: a home network has no HTTPS.

import { sha256 } from "../vendor/noble-hashes-2.4.0/sha2.js";

const encoder = new TextEncoder();

export const hex = (digest) => Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");

// For a file that was measured.
export function fingerprint({ path, size, modified }) {
  return hex(sha256(encoder.encode(`${path}\0${size}\0${modified}`)));
}
