// How large each file is and when it changed last. Asking the disk takes time, so it is done in slices and in the
// background; whoever needs a page of files at once measures that page first.

import { breathe } from "./breathe.js";

const TOGETHER = 32;

// `meter` hears of each size once. A file that is gone has no size; sending it will say so.
export async function measure(page, meter) {
  for (let start = 0; start < page.length; start += TOGETHER) {
    await Promise.all(page.slice(start, start + TOGETHER).map((one) => measureOne(one, meter)));
    await breathe();
  }
}

async function measureOne(one, meter) {
  if (one.size < 0) {
    // One that cannot be read is told of when its turn to be sent comes.
    const facts = await one.file().catch(() => ({ size: 0, lastModified: 0 }));
    one.size = facts.size;
    one.modified = facts.lastModified;
  }
  if (!meter || one.counted) return;
  one.counted = true;
  meter.measured(one.size);
}
