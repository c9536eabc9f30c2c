// Lists the files in a ZIP archive by reading only its directory, so that an export of any size can be checked before it
// is sent. uploads/archives/zip_directory.py names the specification; the server checks the archive again.

import { yieldToPage } from "./concurrency.js";

const LOCAL_FILE = 0x04034b50;
const SPLIT = 0x08074b50;
const ENTRY = 0x02014b50;
const END = 0x06054b50;
const END64 = 0x06064b50;
const END64_LOCATOR = 0x07064b50;
const [ENTRY_BYTES, END_BYTES, END64_BYTES, LOCATOR_BYTES, MAX_COMMENT] = [46, 22, 56, 20, 0xffff];
const [MAX16, MAX32] = [0xffff, 0xffffffff];
const ZIP64_FIELD = 1;
const ENCRYPTED = 0x41;
// About 400,000 files.
const MAX_DIRECTORY_BYTES = 2 ** 26;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const latin1 = new TextDecoder("latin1");

class Damaged extends Error {}

// Resolves to the files of the archive, each {path, size, isEncrypted}; to "damaged" if the server would refuse the
// archive as damaged, incomplete or split; or to null if its content stays unknown: it is not a ZIP archive, has more
// than `maxFiles` files or cannot be read.
export async function listArchive(file, maxFiles) {
  try {
    const signature = file.size < END_BYTES ? 0 : (await view(file, 0, 4)).getUint32(0, true);
    if (![LOCAL_FILE, END, SPLIT].includes(signature)) return null;
    const { start, size, count } = await findDirectory(file);
    if (size > MAX_DIRECTORY_BYTES || count > maxFiles) return null;
    return await readEntries(await view(file, start, size), count);
  } catch (error) {
    // A file that cannot be read is reported when it is sent.
    return error instanceof Damaged ? "damaged" : null;
  }
}

async function view(file, start, length) {
  const bytes = await file.slice(start, start + length).arrayBuffer();
  if (bytes.byteLength < length) throw new Damaged();
  return new DataView(bytes);
}

async function findDirectory(file) {
  const tailStart = Math.max(0, file.size - END_BYTES - MAX_COMMENT);
  const tail = await view(file, tailStart, file.size - tailStart);
  const at = findEnd(tail);
  let end = tailStart + at;
  let numbers = [4, 6, 8, 10].map((offset) => tail.getUint16(at + offset, true));
  let [size, start] = [12, 16].map((offset) => tail.getUint32(at + offset, true));
  if (numbers.includes(MAX16) || size === MAX32 || start === MAX32) {
    const end64 = await findEnd64(file, end);
    if (end64) ({ numbers, size, start, end } = end64);
  }
  const [disk, startDisk, here, count] = numbers;
  const shift = end - size - start;
  if (disk || startDisk || here !== count || shift < 0 || count * ENTRY_BYTES > size) throw new Damaged();
  return { start: start + shift, size, count };
}

// The position of the last end record. Its comment must not extend beyond `tail`.
function findEnd(tail) {
  for (let at = tail.byteLength - END_BYTES; at >= 0; at -= 1) {
    if (tail.getUint32(at, true) === END && at + END_BYTES + tail.getUint16(at + 20, true) <= tail.byteLength) return at;
  }
  throw new Damaged();
}

async function findEnd64(file, end) {
  if (end < LOCATOR_BYTES) return null;
  const locator = await view(file, end - LOCATOR_BYTES, LOCATOR_BYTES);
  if (locator.getUint32(0, true) !== END64_LOCATOR) return null;
  if (locator.getUint32(4, true) || locator.getUint32(16, true) > 1) throw new Damaged();
  const last = end - LOCATOR_BYTES - END64_BYTES;
  for (const at of [Number(locator.getBigUint64(8, true)), last]) {
    if (at < 0 || at > last) continue;
    const record = await view(file, at, END64_BYTES);
    if (record.getUint32(0, true) !== END64) continue;
    const disks = [16, 20].map((offset) => record.getUint32(offset, true));
    const [here, count, size, start] = [24, 32, 40, 48].map((offset) => Number(record.getBigUint64(offset, true)));
    return { numbers: [...disks, here, count], size, start, end: at };
  }
  throw new Damaged();
}

async function readEntries(directory, count) {
  const files = [];
  let at = 0;
  for (let number = 0; number < count; number += 1) {
    const pause = yieldToPage();
    if (pause) await pause;
    if (at + ENTRY_BYTES > directory.byteLength || directory.getUint32(at, true) !== ENTRY) throw new Damaged();
    const [nameUnits, extraUnits, commentUnits] = [28, 30, 32].map((offset) => directory.getUint16(at + offset, true));
    const extra = at + ENTRY_BYTES + nameUnits;
    const next = extra + extraUnits + commentUnits;
    if (next > directory.byteLength) throw new Damaged();
    const path = decodeName(new Uint8Array(directory.buffer, at + ENTRY_BYTES, nameUnits));
    const size = readSize(directory, at, extra, extra + extraUnits);
    const isEncrypted = Boolean(directory.getUint16(at + 8, true) & ENCRYPTED);
    if (!path.endsWith("/")) files.push({ path, size, isEncrypted });
    at = next;
  }
  return files;
}

function readSize(directory, entry, extra, end) {
  const size = directory.getUint32(entry + 24, true);
  if (size !== MAX32) return size;
  for (let at = extra; at + 12 <= end; at += 4 + directory.getUint16(at + 2, true)) {
    // If the field contains the size, it is the first value.
    if (directory.getUint16(at, true) === ZIP64_FIELD) return Number(directory.getBigUint64(at + 4, true));
  }
  return size;
}

// Names that are not UTF-8 are shown with wrong characters, but equal names stay equal.
function decodeName(bytes) {
  let path;
  try {
    path = utf8.decode(bytes);
  } catch {
    path = latin1.decode(bytes);
  }
  return path.includes("/") ? path : path.replaceAll("\\", "/");
}
