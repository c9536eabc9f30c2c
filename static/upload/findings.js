// Finds problems with the selected files that the user should know about before sending them. Does not access the page,
// but keeps it responsive while checking many files.

import { yieldToPage } from "./concurrency.js";

// Exports come in numbered archives: takeout-20240101T000000Z-1-001.zip, "iCloud Photos Part 1 of 7.zip", Roll-2.zip.
const TOTAL_PART = /^(.*part )(\d+)( of )(\d+)(.*\.zip)$/i;
const NUMBERED_PART = /^(.*?[-_. ])(\d{1,4})(\.zip)$/i;
const MAX_PARTS = 1000;
const SIDECAR = /\.(json|xmp|aae)$/i;
// Files in an export that describe an album or the whole export.
const EXPORT_DATA =
  /^(metadata(\(\d+\))?|print-subscriptions|shared_album_comments|user-generated-memory-titles|archive_browser)\.json$/i;
const SHORTEST_CUT_NAME = 3;
// Extensions of files that cannot be imported. The server recognises all other files by their content.
const UNSUPPORTED = new Set(
  (
    "7z ai apk avchd bat db dds djvu dmg doc docx epub exe exr gz htm html icns ics indd ini iso j2k jp2 log m3u " +
    "md mp3 msi numbers odp ods odt ogg pages pbm pcx pdf pgm ppm ppt pptx psd qoi rar rtf sqlite svg tar tga tgz " +
    "torrent txt vcf wav wma xcf xls xlsx z01"
  ).split(" "),
);

const nameOf = (path) => path.slice(path.lastIndexOf("/") + 1);
const folderOf = (path) => path.slice(0, path.lastIndexOf("/") + 1);
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

// The paths of sidecars without a matching picture in the same folder. `paths` are all selected paths.
export async function loneSidecars(paths) {
  const folders = new Map();
  const lone = [];
  for (const path of paths) {
    const pause = yieldToPage();
    if (pause) await pause;
    const name = nameOf(path).toLowerCase();
    if (SIDECAR.test(name)) continue;
    const folder = folderOf(path);
    if (!folders.has(folder)) folders.set(folder, new Set());
    folders.get(folder).add(name).add(name.replace(/\.[^.]*$/, ""));
  }
  for (const path of paths) {
    const pause = yieldToPage();
    if (pause) await pause;
    const name = nameOf(path).toLowerCase();
    const isSidecar = SIDECAR.test(name) && !EXPORT_DATA.test(name);
    if (isSidecar && !describes(name, folders.get(folderOf(path)))) lone.push(path);
  }
  return lone;
}

// Whether a sidecar's name begins with one of the file `names` (with or without extension), or is a truncated
// form of one.
function describes(sidecar, names) {
  if (!names) return false;
  const base = sidecar.replace(SIDECAR, "").replace(/\(\d+\)$/, "");
  for (let length = base.length; length >= SHORTEST_CUT_NAME; length -= 1) {
    if (names.has(base.slice(0, length))) return true;
  }
  return base.length >= SHORTEST_CUT_NAME && [...names].some((name) => name.startsWith(base));
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

// The number of bytes needed on the server, estimated from the files whose size is known. An archive counts twice,
// because its unpacked files need space as well.
export function spaceNeeded(files) {
  const known = files.filter(({ size }) => size >= 0);
  if (!known.length) return 0;
  const bytes = known.reduce((sum, { size, path }) => sum + size * (extensionOf(path) === "zip" ? 2 : 1), 0);
  return Math.round((bytes / known.length) * files.length);
}
