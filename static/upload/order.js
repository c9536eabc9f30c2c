// In the order of their paths. One sort of 100,000 would hold the page up; many small ones and their merging do not.

import { breathe } from "./breathe.js";

const RUN = 2000;

// Plain comparison: by the rules of a language it would take seconds.
const before = (a, b) => (a.path < b.path ? -1 : Number(a.path > b.path));

export async function inOrder(chosen) {
  let runs = [];
  for (let start = 0; start < chosen.length; start += RUN) {
    runs.push(chosen.slice(start, start + RUN).sort(before));
    await breathe();
  }
  while (runs.length > 1) {
    const merged = [];
    for (let at = 0; at < runs.length; at += 2) {
      merged.push(at + 1 < runs.length ? await merge(runs[at], runs[at + 1]) : runs[at]);
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
    merged.push(before(left[l], right[r]) <= 0 ? left[l++] : right[r++]);
    if (merged.length % 500 === 0) await breathe();
  }
  for (; l < left.length; l += 1) merged.push(left[l]);
  for (; r < right.length; r += 1) merged.push(right[r]);
  return merged;
}
