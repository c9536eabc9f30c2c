// What the selected ZIP archives contain, as far as their directories can be read in the browser.

import { yieldToPage } from "./concurrency.js";
import { listArchive } from "./zip_directory.js";

// Limits the memory that this page needs.
const MAX_FILES = 300000;

export const isArchive = (path) => /\.zip$/i.test(path);

// The paths of the files that will be imported from archives, the number of bytes that the server needs to unpack them,
// the paths of archives that it would refuse, and whether the content of all archives is known.
class ArchiveContents {
  paths = [];
  bytes = 0;
  damaged = [];
  encrypted = [];
  isComplete = true;

  addUnknown(archive) {
    this.bytes += Math.max(0, archive.size);
    this.isComplete = false;
  }
}

// `files` are all selected files. `isIgnored(path)` tells whether the server ignores a file with this path.
export async function readArchives(files, isIgnored) {
  const contents = new ArchiveContents();
  for (const archive of files) {
    const pause = yieldToPage();
    if (pause) await pause;
    if (isArchive(archive.path)) await addArchive(archive, contents, isIgnored);
  }
  return contents;
}

async function addArchive(archive, contents, isIgnored) {
  const file = await archive.file().catch(() => null);
  const found = file && (await listArchive(file, MAX_FILES - contents.paths.length));
  if (found === "damaged") contents.damaged.push(archive.path);
  if (!Array.isArray(found)) return contents.addUnknown(archive);
  if (found.length && found.every(({ isEncrypted }) => isEncrypted)) {
    contents.encrypted.push(archive.path);
    contents.isComplete = false;
    return null;
  }
  const folder = archive.path.slice(0, archive.path.lastIndexOf("/") + 1);
  for (const { path, size } of found) {
    const pause = yieldToPage();
    if (pause) await pause;
    if (isIgnored(`/${path}`) || !size) continue;
    contents.bytes += size;
    contents.paths.push(`${folder}${path}`);
  }
  return null;
}
