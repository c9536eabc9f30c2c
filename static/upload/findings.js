// Finds problems with the selected files that the user should know about before sending them, and keeps the page
// responsive while checking many files.

import { isArchive } from "./archive_contents.js";
import { yieldToPage } from "./concurrency.js";
import { describesPicture, joinedFolder, mayBeSidecar, nameKey, nameOf, sidecarTarget } from "./sidecar_names.js";

// Exports come in numbered archives: takeout-20240101T000000Z-1-001.zip, "iCloud Photos Part 1 of 7.zip", Roll-2.zip.
const TOTAL_PART = /^(.*part )(\d+)( of )(\d+)(.*\.zip)$/i;
const NUMBERED_PART = /^(.*?[-_. ])(\d{1,4})(\.zip)$/i;
const MAX_PARTS = 1000;
// Extensions of files that cannot be imported. The server recognises all other files by their content.
const UNSUPPORTED = new Set(
  (
    "7z ai apk avchd bat db dds djvu dmg doc docx epub exe exr gz htm html icns ics indd ini iso j2k jp2 log m3u " +
    "md mp3 msi numbers odp ods odt ogg pages pbm pcx pdf pgm ppm ppt pptx psd qoi rar rtf sqlite svg tar tga tgz " +
    "torrent txt vcf wav wma xcf xls xlsx z01"
  ).split(" "),
);

const extensionOf = (name) => (name.includes(".") ? name.slice(name.lastIndexOf(".") + 1).toLowerCase() : "");

// The names of archives that are missing from numbered exports. If an export's names contain no total, its highest
// number counts as the total.
export async function missingParts(paths) {
  const exports = new Map();
  for (const path of paths) {
    // Do not await null, which would create a promise for each of 100,000 files.
    const pause = yieldToPage();
    if (pause) await pause;
    const name = nameOf(path);
    const [, start, digits, middle, total, end] = name.match(TOTAL_PART) ?? [];
    const [, stem, number, extension] = total ? [] : (name.match(NUMBERED_PART) ?? []);
    if (total) addPart(exports, [start, `${middle}${total}${end}`], digits, Number(total));
    else if (stem) addPart(exports, [stem, extension], number, 0);
  }
  return [...exports.values()].flatMap(gaps);
}

function addPart(exports, ends, digits, total) {
  const key = ends.join("\0");
  if (!exports.has(key)) exports.set(key, { ends, width: digits.length, total, numbers: new Set() });
  exports.get(key).numbers.add(Number(digits));
}

function gaps({ ends: [start, end], width, total, numbers }) {
  const last = total || Math.max(...numbers);
  if (last > MAX_PARTS) return [];
  const missing = [];
  for (let number = 1; number <= last; number += 1) {
    if (!numbers.has(number)) missing.push(`${start}${String(number).padStart(width, "0")}${end}`);
  }
  return missing;
}

// The paths of sidecars without a matching picture. `paths` are all selected paths, including those in archives. Counters
// in names are not compared, so a sidecar of a missing copy counts as matched if another copy of the picture is there.
export async function loneSidecars(paths) {
  const folders = new Map();
  const keyOf = (path, name) => {
    const folder = path.slice(0, path.lastIndexOf("/") + 1);
    if (!folders.has(folder)) folders.set(folder, joinedFolder(folder));
    return `${folders.get(folder)}/${nameKey(name)}`;
  };
  const sidecars = await filterPaths(paths, describesPicture);
  if (!sidecars.length) return [];
  const pictures = new Set();
  await filterPaths(paths, (path) => !mayBeSidecar(path) && pictures.add(keyOf(path, nameOf(path))));
  return filterPaths(sidecars, (path) => !pictures.has(keyOf(path, sidecarTarget(nameOf(path)))));
}

async function filterPaths(paths, isWanted) {
  const found = [];
  for (const path of paths) {
    const pause = yieldToPage();
    if (pause) await pause;
    if (isWanted(path)) found.push(path);
  }
  return found;
}

// The number of files of each unsupported kind, the most frequent first: [["PDF", 12], …].
export async function unsupportedKinds(paths) {
  const counts = new Map();
  for (const path of paths) {
    const pause = yieldToPage();
    if (pause) await pause;
    const extension = extensionOf(nameOf(path));
    if (UNSUPPORTED.has(extension)) counts.set(extension, (counts.get(extension) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a).map(([extension, count]) => [extension.toUpperCase(), count]);
}

// The number of bytes needed on the server, estimated from the files whose size is known. `unpacked` is what the files in
// archives need, in addition to the archives themselves.
export function spaceNeeded(files, unpacked) {
  const archives = files.filter(({ path }) => isArchive(path));
  const known = files.filter(({ path, size }) => size >= 0 && !isArchive(path));
  const sum = (some) => some.reduce((total, { size }) => total + Math.max(0, size), 0);
  const average = known.length ? sum(known) / known.length : 0;
  return Math.round(average * (files.length - archives.length) + sum(archives) + unpacked);
}
