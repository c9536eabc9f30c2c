// Many files, a few at a time.

import { sendFile } from "./file.js";
import { pause } from "./line.js";

export const LANES = 5;

// Sends what comes out of the queue; `meter` hears of bytes, files and refusals. Rejects with BatchGone or
// NoneTaken as soon as no file can be sent any more.
export async function sendAll(queue, batch, meter) {
  // How many were put back since the last one came through.
  let putBack = 0;
  const rest = () => (putBack ? pause(Math.floor(putBack / LANES)) : 0);
  const lane = async (number) => {
    for (let one = await queue.take(rest()); one; one = await queue.take(rest())) {
      const bytes = meter.begin(one, number);
      const refused = await sendFile(one, batch, bytes);
      if (refused?.later) {
        putBack += 1;
        bytes.putBack();
        // As long as others are sent there is nothing to do for anybody.
        if (!queue.putBack(one)) batch.line.trouble(refused.words);
      } else {
        if (!refused) putBack = 0;
        bytes.end(refused);
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: LANES }, (_, number) => lane(number)));
  } finally {
    queue.stop();
  }
}
