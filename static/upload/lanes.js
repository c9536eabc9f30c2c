// Many files, a few at a time.

import { sendFile } from "./tus.js";

const LANES = 4;

// Sends all; `meter` hears of bytes, files and refusals. Rejects with BatchGone as soon as the batch is gone.
export async function sendAll(chosen, batch, meter) {
  let next = 0;
  let stopped = false;
  const lane = async () => {
    while (next < chosen.length && !stopped) {
      const one = chosen[next];
      next += 1;
      const bytes = meter.begin(one.file.size);
      try {
        const refused = await sendFile(one, batch, bytes.at);
        bytes.end();
        if (refused) meter.refuse(one.path, refused);
      } catch (error) {
        stopped = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}
