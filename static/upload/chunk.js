// How many bytes go out in one request. What a cut request had sent is lost, so a line that is cut before a whole chunk
// has passed would send the same bytes for ever: a cut halves the chunk, and it grows again when some have passed.

const LEAST = 2 ** 17;
const PASSES = 4;

export class Chunk {
  #passed = 0;

  // `most`: what the site takes in one request.
  constructor(most) {
    Object.assign(this, { most, bytes: most });
  }

  // A body of so many bytes was cut. A small one says nothing of the line.
  cut(size) {
    if (size <= LEAST) return;
    this.bytes = Math.min(this.bytes, Math.max(LEAST, Math.floor(size / 2)));
    this.#passed = 0;
  }

  // A body of so many bytes has come through.
  passed(size) {
    if (size < this.bytes) return;
    this.#passed += 1;
    if (this.#passed < PASSES) return;
    this.bytes = Math.min(this.most, 2 * this.bytes);
    this.#passed = 0;
  }
}
