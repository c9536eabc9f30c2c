// What must be sent of all that was chosen, found out page by page while the lanes send: what is here of this batch is
// left out, what is in the library already is not sent a second time.

import { partBySize, takeKnown } from "./known.js";
import { Hashing } from "./hashing.js";
import { withoutThoseHere } from "./manifest.js";
import { measure } from "./measure.js";

const PAGE = 500;

// Fills `queue` and closes it. Rejects with BatchGone.
export async function plan(chosen, batch, ended, meter, queue) {
  const hashing = new Hashing();
  let reading = Promise.resolve();
  try {
    for (let start = 0; start < chosen.length; start += PAGE) {
      const page = chosen.slice(start, start + PAGE);
      await measure(page, meter);
      const missing = await withoutThoseHere(page, ended, meter);
      const [fresh, perhaps] = await partBySize(missing, batch, batch.sizesUrl);
      // Those to be read wait for each other, not the page after them.
      reading = reading.then(() => takeKnown(perhaps, batch, hashing, meter, queue));
      reading.catch(() => queue.stop());
      for (const one of fresh) await queue.put(one);
    }
    await reading;
  } finally {
    hashing.end();
    queue.close();
  }
}
