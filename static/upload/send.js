// From chosen files to a sealed batch.

import { ask, askOnce } from "./ask.js";
import { Chunk } from "./chunk.js";
import { hold, letGo } from "./guard.js";
import { sendAll } from "./lanes.js";
import { BatchGone, Line, NoneTaken } from "./line.js";
import { watch } from "./live.js";
import { findUnfinished, readManifest } from "./manifest.js";
import { measure } from "./measure.js";
import { Meter } from "./meter.js";
import { choose } from "./offer.js";
import { Panel } from "./panel.js";
import { folderOf } from "./pick.js";
import { plan } from "./plan.js";
import { Queue } from "./queue.js";
import { say } from "./words.js";

const AHEAD = 1000;

// The batch that the files go into: the one that the page is for, one that was begun earlier, or a new one.
async function batchFor(chosen, wished, site) {
  const begun = site.batch ?? (await choose(await findUnfinished(chosen, site.unfinished)));
  if (begun) return { ...begun, begun: true };
  const name = wished || folderOf(chosen) || say.filesOf(new Date());
  return { ...(await askOnce(site.open, { name, expected_items: chosen.length })), name };
}

// `found` by pick.js, `wished` a name or nothing, `site` the addresses and limits that the page's server gave.
export async function send(found, wished, site) {
  const { chosen, junk, unreadable } = found;
  const opened = await batchFor(chosen, wished, site);
  const meter = new Meter(chosen.length);
  const panel = new Panel(opened.name, meter);
  panel.note(junk && say.junk(junk), unreadable.length && say.unreadable(unreadable));
  panel.link(opened.url);
  const line = new Line(panel);
  panel.onPause(line);
  watch(opened.id, document.getElementById("live"));
  const batch = { ...opened, line, tusUrl: site.tus, sizesUrl: site.sizes, chunk: new Chunk(site.chunk) };
  hold();
  try {
    await sendMissing(chosen, batch, meter);
    await finish(batch, panel, () => !meter.refusedHere && site.mayLeave());
  } catch (error) {
    letGo();
    panel.stop(whyNot(error));
    if (!(error instanceof BatchGone || error instanceof NoneTaken)) throw error;
  } finally {
    line.end();
  }
}

function whyNot(error) {
  if (error instanceof BatchGone) return say.batchGone;
  return error instanceof NoneTaken ? error.message : say.broken;
}

async function sendMissing(chosen, batch, meter) {
  const ended = batch.begun ? await readManifest(batch) : new Map();
  const queue = new Queue(AHEAD);
  await Promise.all([
    sendAll(queue, batch, meter),
    plan(chosen, batch, ended, meter, queue),
    measure(chosen, meter),
  ]);
}

// Goes to the batch, unless there is something to read that only this page knows.
async function finish(batch, panel, mayLeave) {
  panel.end();
  const sealed = await ask(batch.line, `${batch.url}seal/`, {});
  letGo();
  if (!sealed) panel.trouble(say.notSealed);
  else if (mayLeave()) window.location.assign(batch.url);
}
