// Twins are files with the same path, size and modification time, such as copies chosen from search results. Their
// fingerprints would be equal, so an interrupted upload of one could continue with the bytes of another.

import { bytesToHex } from "../vendor/noble-hashes-2.4.0/utils.js";
import { yieldToPage } from "./concurrency.js";
import { Hasher } from "./hashing.js";
import { loadStats } from "./selected_files.js";

const SUFFIX_LENGTH = 8;

// Gives each twin a unique name by appending the first hex digits of the file's SHA-256, so that fingerprints do
// not depend on the order of the files. Among twins with identical bytes, the first stays in `files`; the others are
// returned as `copies`, each with its `sha256` and a number in its name. `files` must be sorted by path.
export async function separateTwins(files) {
  const copies = new Set();
  const hasher = new Hasher();
  for (const samePath of await groupByPath(files)) {
    await loadStats(samePath);
    for (const twins of groupByFingerprint(samePath)) await renameTwins(twins, hasher, copies);
  }
  hasher.close();
  return { files: files.filter((file) => !copies.has(file)), copies: [...copies] };
}

// The groups of several files with the same path.
async function groupByPath(files) {
  const groups = [];
  for (let start = 0, end = 1; start < files.length; start = end, end += 1) {
    while (end < files.length && files[end].path === files[start].path) end += 1;
    if (end - start > 1) groups.push(files.slice(start, end));
    await yieldToPage();
  }
  return groups;
}

function groupByFingerprint(files) {
  const groups = new Map();
  for (const file of files) {
    const { fingerprint } = file;
    if (!groups.has(fingerprint)) groups.set(fingerprint, []);
    groups.get(fingerprint).push(file);
  }
  return [...groups.values()].filter(({ length }) => length > 1);
}

// Used for a file that cannot be hashed. When it is chosen again, it is sent from the beginning.
const randomSuffix = () => bytesToHex(crypto.getRandomValues(new Uint8Array(SUFFIX_LENGTH / 2)));

async function renameTwins(twins, hasher, copies) {
  const numbers = new Map();
  for (const twin of twins) {
    const file = await twin.file().catch(() => null);
    const digest = file && (await hasher.digest(file));
    const number = digest ? (numbers.get(digest) ?? 0) + 1 : 1;
    numbers.set(digest, number);
    if (number > 1) copies.add(Object.assign(twin, { sha256: digest }));
    const suffix = ` [${digest?.slice(0, SUFFIX_LENGTH) ?? randomSuffix()}]${number > 1 ? ` (${number})` : ""}`;
    twin.path = twin.path.replace(/(\.[^./]*)?$/, `${suffix}$1`);
  }
}
