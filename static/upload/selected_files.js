// The files that a user chooses, drops or pastes: collected and sorted by path without blocking the page.

import { sha256 } from "../vendor/noble-hashes-2.4.0/sha2.js";
import { bytesToHex } from "../vendor/noble-hashes-2.4.0/utils.js";
import { yieldToPage } from "./concurrency.js";

const SORT_RUN = 2000;
const YIELD_EVERY = 500;
const STATS_AT_ONCE = 32;
const encoder = new TextEncoder();

// A file that the user selected: how to read it, its size and date, and the progress of its upload.
export class SelectedFile {
  // Size and modification time are -1 until loadStats() has read them.
  size = -1;
  modified = -1;
  // Whether loadStats() could not read the size and the modification time.
  unreadable = false;
  // Whether the size of this file is included in the total that the page shows.
  counted = false;
  // Whether a request to register the file with the server was started.
  started = false;
  // Whether a request that sent bytes of the file was interrupted.
  interrupted = false;
  // Why the file is ignored: "junk", "export", "hidden", "empty" or "unreadable", or "" if it is not ignored.
  ignored = "";
  // Failed attempts since the server last accepted bytes of the file.
  failures = 0;

  // `source` is a File, or a FileSystemFileEntry: 100,000 of these are cheaper than 100,000 Files.
  constructor(path, source) {
    Object.assign(this, { path, source });
  }

  get name() {
    return this.path.slice(this.path.lastIndexOf("/") + 1);
  }

  // Rejects when the file no longer exists.
  file() {
    const { source } = this;
    return source.isFile ? new Promise((resolve, reject) => source.file(resolve, reject)) : Promise.resolve(source);
  }

  // Identifies the file within its batch before its bytes arrive: the same digest of path, size and modification time
  // as in batches/intake/file_name.py. Needs loadStats(). Does not use crypto.subtle, because that needs HTTPS, which
  // home networks usually lack.
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
    const stats = await selected.file().catch(() => null);
    selected.unreadable = !stats;
    selected.size = stats?.size ?? 0;
    selected.modified = stats?.lastModified ?? 0;
  }
  if (!progress || selected.counted) return;
  selected.counted = true;
  progress.addSize(selected.size);
}

// What the server needs to know about a file before its bytes arrive.
export const describe = ({ name, path, size, modified }) => ({
  relative_path: path,
  filename: name,
  size,
  last_modified: String(modified),
});

// The selected `files`, the `ignored` files that are not uploaded, and the paths of `unreadable` folders.
class Selection {
  files = [];
  ignored = [];
  unreadable = [];

  constructor(ignoredReason) {
    this.ignoredReason = ignoredReason;
  }

  add(path, source) {
    const file = new SelectedFile(path, source);
    file.ignored = this.ignoredReason(path);
    (file.ignored ? this.ignored : this.files).push(file);
  }

  async sort() {
    this.files = await sortByPath(this.files);
    return this;
  }
}

// `ignoredReason(path)` is the function in ignored_files.js. `onProgress` gets the number of files found so far.
export async function filesFromInput(list, ignoredReason, onProgress) {
  const selection = new Selection(ignoredReason);
  for (const file of list) {
    selection.add(file.webkitRelativePath || file.name, file);
    if (selection.files.length % YIELD_EVERY === 0) onProgress(selection.files.length);
    await yieldToPage();
  }
  return selection.sort();
}

// Scans a DataTransfer. Call this during the event, because the browser empties the items afterwards.
export function filesFromTransfer(transfer, ignoredReason, onProgress) {
  const items = Array.from(transfer.items).filter(({ kind }) => kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile()).filter(Boolean);
  return walkEntries(entries.reverse(), new Selection(ignoredReason), onProgress);
}

const entryPath = (entry) => entry.fullPath.replace(/^\//, "");

async function walkEntries(stack, selection, onProgress) {
  while (stack.length) {
    const entry = stack.pop();
    if (entry.isDirectory) await readFolder(entry, selection, stack);
    else selection.add(entry.isFile ? entryPath(entry) : entry.name, entry);
    onProgress(selection.files.length);
    await yieldToPage();
  }
  return selection.sort();
}

// Adds the folder's files to the selection and its subfolders to the stack.
async function readFolder(folder, selection, stack) {
  const reader = folder.createReader();
  try {
    for (;;) {
      // Chromium returns at most 100 entries per call; an empty list marks the end.
      const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!entries.length) return;
      for (const entry of entries) {
        if (entry.isDirectory) stack.push(entry);
        else selection.add(entryPath(entry), entry);
      }
      await yieldToPage();
    }
  } catch {
    selection.unreadable.push(entryPath(folder));
  }
}

// Compares code units, because a locale-aware comparison of 100,000 paths takes seconds.
const comparePaths = (a, b) => (a.path < b.path ? -1 : Number(a.path > b.path));

// A merge sort that yields to the page, because one sort() of 100,000 files would block it.
async function sortByPath(files) {
  let runs = [];
  for (let start = 0; start < files.length; start += SORT_RUN) {
    runs.push(files.slice(start, start + SORT_RUN).sort(comparePaths));
    await yieldToPage();
  }
  while (runs.length > 1) {
    const merged = [];
    for (let index = 0; index < runs.length; index += 2) {
      merged.push(index + 1 < runs.length ? await merge(runs[index], runs[index + 1]) : runs[index]);
    }
    runs = merged;
  }
  return runs[0] ?? [];
}

async function merge(left, right) {
  const merged = [];
  let l = 0;
  let r = 0;
  while (l < left.length && r < right.length) {
    merged.push(comparePaths(left[l], right[r]) <= 0 ? left[l++] : right[r++]);
    if (merged.length % YIELD_EVERY === 0) await yieldToPage();
  }
  for (; l < left.length; l += 1) merged.push(left[l]);
  for (; r < right.length; r += 1) merged.push(right[r]);
  return merged;
}

// The name of the folder that contains all files, or "".
export function commonFolder(files) {
  const top = ({ path }) => path.slice(0, path.indexOf("/") + 1);
  // The files are sorted by path, so folders that the first and the last file share are shared by all.
  const [first, last] = [files[0], files.at(-1)];
  return first && top(first) === top(last) ? top(first).slice(0, -1) : "";
}
