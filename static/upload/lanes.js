// Many files, a few at a time.

import { sendFile } from "./tus.js";

export const LANES = 5;

// Sends what comes out of the queue; `meter` hears of bytes, files and refusals. Rejects with BatchGone or
// NoneTaken as soon as no file can be sent any more.
export async function sendAll(queue, batch, meter) {
  const lane = async (number) => {
    for (let one = await queue.take(); one; one = await queue.take()) {
      const bytes = meter.begin(one, number);
      bytes.end(await sendFile(one, batch, bytes));
    }
  };
  try {
    await Promise.all(Array.from({ length: LANES }, (_, number) => lane(number)));
  } finally {
    queue.stop();
  }
}
