// Twins: files of equal path, size and modification time, such as copies chosen from search results. Their fingerprints
// would be equal, so an interrupted upload of one could continue with the bytes of another.

import { bytesToHex } from "../vendor/noble-hashes-2.4.0/utils.js";
import { yieldToPage } from "./concurrency.js";
import { Hasher } from "./hashing.js";
import { loadStats } from "./selected_files.js";

const SUFFIX_LENGTH = 8;

// Adds the first digits of each twin's SHA-256 to its name, so that its fingerprint does not depend on the order of the
// files. Resolves to the distinct `files`, and the `copies` that have the same bytes as one of these. The files must be
// sorted by path.
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

// For a file that cannot be hashed: it is sent from the beginning when it is chosen again.
const randomSuffix = () => bytesToHex(crypto.getRandomValues(new Uint8Array(SUFFIX_LENGTH / 2)));

async function renameTwins(twins, hasher, copies) {
  const digests = new Set();
  for (const twin of twins) {
    const file = await twin.file().catch(() => null);
    const digest = file && (await hasher.digest(file));
    if (digest && digests.has(digest)) copies.add(twin);
    digests.add(digest);
    twin.path = twin.path.replace(/(\.[^./]*)?$/, ` [${digest?.slice(0, SUFFIX_LENGTH) ?? randomSuffix()}]$1`);
  }
}
