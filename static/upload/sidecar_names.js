// The rules that match sidecars to pictures: the same as in names.py, name_match.py and folders.py of
// uploads/sidecars. The patterns are in the page; the server defines them.

const patterns = JSON.parse(document.getElementById("sidecar-patterns").textContent);
const whole = (pattern) => new RegExp(`^(?:${pattern})$`, "s");
const EXTENSION = whole(patterns.extension);
const APPLE_VARIANT = whole(patterns.apple_variant);
const VERSION = whole(patterns.version);
const [EDITED, PIXEL, BURST] = [patterns.edited, patterns.pixel, patterns.burst].map((pattern) => new RegExp(pattern));
const TAKEOUT_PART = whole(patterns.takeout_part);
const TAKEOUT_ROOT = whole(patterns.takeout_root);
const ICLOUD_PART = whole(patterns.icloud_part);
const COUNTER = /^(.+)\((\d+)\)$/s;
const SIDECAR = /\.(json|xmp|aae)$/i;
const EDITED_ENGLISH = "-edited";
const METADATA = ".supplemental-metadata";
// In UTF-16 units, like the length of a string.
const [KEY_UNITS, JSON_UNITS, PICTURE_UNITS] = [36, 46, 47];

const fold = (name) => name.normalize("NFC").toLowerCase();

export const nameOf = (path) => path.slice(path.lastIndexOf("/") + 1);

function splitExtension(name) {
  const dot = name.lastIndexOf(".");
  return dot > 0 && EXTENSION.test(name.slice(dot)) ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
}

function splitCounter(stem) {
  const [, rest, counter] = stem.match(COUNTER) ?? [];
  return rest ? [rest, counter] : [stem, ""];
}

function splitName(name) {
  const folded = fold(name);
  let [stem, extension] = splitExtension(folded);
  let counter;
  [stem, counter] = splitCounter(stem);
  if (counter && !extension) [stem, extension] = splitExtension(stem);
  const edited = editedSuffix(stem);
  stem = stem.slice(0, stem.length - edited.length);
  if (edited && !counter) [stem, counter] = splitCounter(stem);
  return { name: folded, stem, counter, extension };
}

function editedSuffix(stem) {
  const match = stem.slice(1).match(EDITED);
  if (match) return match[0];
  const suffix = stem.slice(stem.lastIndexOf("-"));
  return stem.length === PICTURE_UNITS && suffix.length > 2 && EDITED_ENGLISH.startsWith(suffix) ? suffix : "";
}

// A key that a picture, its sidecars and its parts share.
export function nameKey(name) {
  let [stem] = splitExtension(splitName(name).stem);
  const burst = stem.match(BURST);
  if (burst) return burst[0];
  stem = stem.replace(PIXEL, "$1").replace(/_hevc$/, "");
  const variant = stem.match(APPLE_VARIANT);
  if (variant) return `img_${variant[1]}`;
  if (VERSION.test(stem.slice(-3))) stem = stem.slice(0, -3);
  return stem.slice(0, KEY_UNITS).replace(/[\ud800-\udbff]$/, "");
}

// The name of the picture that a sidecar's name refers to, which may be truncated.
export function sidecarTarget(name) {
  const [base, counter] = splitCounter(name.replace(SIDECAR, ""));
  return base.slice(0, base.length - metadataUnits(base)) + (counter && `(${counter})`);
}

// The length of “.supplemental-metadata” at the end of a name, or of the part of it that was not cut off.
function metadataUnits(base) {
  const folded = base.toLowerCase();
  for (let length = METADATA.length; length > 0; length -= 1) {
    if (!folded.endsWith(METADATA.slice(0, length))) continue;
    const isSure = length > 5 || base.length >= JSON_UNITS || splitExtension(folded.slice(0, -length))[1];
    return base.length > length && isSure ? length : 0;
  }
  return 0;
}

// The folder that contained a file before an export was split into parts.
export function joinedFolder(path) {
  let parts = [];
  for (const part of fold(path).split("/").slice(0, -1)) {
    if (part === "..") parts.pop();
    else if (TAKEOUT_PART.test(part)) parts = [];
    else if (TAKEOUT_ROOT.test(part)) parts.push("takeout");
    else if (part && part !== ".") parts.push(part.match(ICLOUD_PART)?.[1] ?? part);
  }
  return parts.join("/");
}

export const mayBeSidecar = (path) => SIDECAR.test(path);

// Whether a file describes a picture rather than an album or a whole export. JSON files are recognised only if they are
// named after a picture, because the names of the others are translated.
export function describesPicture(path) {
  if (!mayBeSidecar(path)) return false;
  if (!/\.json$/i.test(path)) return true;
  const { name, counter, extension } = splitName(sidecarTarget(nameOf(path)));
  return Boolean(extension) || name.replaceAll(counter && `(${counter})`, "").length >= JSON_UNITS;
}
