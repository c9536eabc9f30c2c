// What is here of a batch that was begun earlier, so that only what is missing is sent. The server knows it; nothing is
// kept in this browser.

import { ask, askOnce } from "./ask.js";
import { breathe } from "./breathe.js";
import { fingerprint } from "./fingerprint.js";
import { measure } from "./measure.js";

const SAMPLE = 32;

// The unfinished batches that hold some of these files: a sample of them from the first to the last is asked for.
export async function findUnfinished(chosen, url) {
  const step = Math.max(1, Math.floor(chosen.length / SAMPLE));
  const sample = chosen.filter((_, at) => at % step === 0);
  await measure(sample, null);
  const { batches } = await askOnce(url, { fingerprints: sample.map(fingerprint) });
  return batches;
}

// Fingerprint → state (`here`, `refused`) of all that need not be sent.
export async function readManifest(batch) {
  const ended = new Map();
  let after = 0;
  while (after !== null) {
    const page = await ask(batch.line, `${batch.url}manifest/`, { after });
    if (!page) break;
    for (const [print, , , state] of page.items) if (state !== "missing") ended.set(print, state);
    after = page.next;
  }
  return ended;
}

// Tells the meter of what is here, and returns the rest of the page.
export async function withoutThoseHere(page, ended, meter) {
  if (!ended.size) return page;
  const rest = [];
  for (const one of page) {
    if (ended.has(fingerprint(one))) meter.skip(one, "here");
    else rest.push(one);
    await breathe();
  }
  return rest;
}
