// A file that the user selected: how to read it, its size and date, and the progress of its upload.

import { sha256 } from "../vendor/noble-hashes-2.4.0/sha2.js";
import { bytesToHex } from "../vendor/noble-hashes-2.4.0/utils.js";
import { yieldToPage } from "./concurrency.js";

const STATS_AT_ONCE = 32;
const encoder = new TextEncoder();

export class SelectedFile {
  // Size and modification time are -1 until loadStats() has read them.
  size = -1;
  modified = -1;
  // Whether the size of this file is included in the total that the page shows.
  counted = false;
  // Whether it was registered with the server.
  started = false;
  // Whether a request that sent its bytes was interrupted.
  interrupted = false;
  // Failed attempts since the last request that succeeded.
  failures = 0;

  // `source` is a File, or a FileSystemFileEntry: 100,000 of these are cheaper than 100,000 Files.
  constructor(path, source) {
    Object.assign(this, { path, source });
  }

  // Rejects when the file no longer exists.
  file() {
    const { source } = this;
    return source.isFile ? new Promise((resolve, reject) => source.file(resolve, reject)) : Promise.resolve(source);
  }

  // Identifies the file within its batch before its bytes arrive: the same digest of path, size and modification time
  // as batches/intake/file_name.py. Needs loadStats(). crypto.subtle would need HTTPS, which home networks usually
  // lack.
  get fingerprint() {
    return bytesToHex(sha256(encoder.encode(`${this.path}\0${this.size}\0${this.modified}`)));
  }
}

// Reads size and modification time, and reports each size to `progress` (if given) once. A missing file gets size
// 0; uploading it reports the error.
export async function loadStats(files, progress = null) {
  for (let start = 0; start < files.length; start += STATS_AT_ONCE) {
    await Promise.all(files.slice(start, start + STATS_AT_ONCE).map((file) => loadStatsOf(file, progress)));
    await yieldToPage();
  }
}

async function loadStatsOf(selected, progress) {
  if (selected.size < 0) {
    const stats = await selected.file().catch(() => ({ size: 0, lastModified: 0 }));
    selected.size = stats.size;
    selected.modified = stats.lastModified;
  }
  if (!progress || selected.counted) return;
  selected.counted = true;
  progress.addSize(selected.size);
}
