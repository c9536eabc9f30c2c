// How far the sending is: numbers without a page.

const WINDOW = 10000;
const REASONS = 20;

export class Meter {
  // Files that have come to an end: sent now, here since an earlier time, in the library already, not taken.
  sent = 0;
  here = 0;
  known = 0;
  refused = 0;
  // Of the refused: those of which only this page can tell.
  refusedHere = 0;
  reasons = [];
  // Bytes of all files that have come to an end or are on their way, and of these what really went out.
  bytes = 0;
  moved = 0;
  // What each lane has in hand: {path, size, sent}.
  inHand = [];
  #measuredFiles = 0;
  #measuredBytes = 0;
  #samples = [];

  constructor(allFiles) {
    this.allFiles = allFiles;
  }

  measured(size) {
    this.#measuredFiles += 1;
    this.#measuredBytes += size;
  }

  get allMeasured() {
    return this.#measuredFiles === this.allFiles;
  }

  // As long as not all are measured: what they come to if the others are like these.
  get allBytes() {
    if (this.allMeasured || !this.#measuredFiles) return this.#measuredBytes;
    return Math.round((this.#measuredBytes / this.#measuredFiles) * this.allFiles);
  }

  get files() {
    return this.sent + this.here + this.known + this.refused;
  }

  get percent() {
    const share = this.allBytes ? this.bytes / this.allBytes : this.files / this.allFiles;
    const ended = this.files === this.allFiles;
    return ended ? 100 : Math.min(99, Math.floor(100 * share));
  }

  // Files that need not be sent; `which` is `here` or `known`.
  skip(one, which) {
    this[which] += 1;
    this.bytes += one.size;
  }

  // A file begins in a lane: `sent` says how much of it has gone out, `here` how much the server has, which may be from an
  // earlier time; `end` that it has come to its end, well or badly, `putBack` that it will begin once more.
  begin(one, lane) {
    const hand = { path: one.path, size: one.size, sent: 0 };
    this.inHand[lane] = hand;
    const here = (bytes) => {
      const now = Math.min(bytes, one.size);
      this.bytes += now - hand.sent;
      hand.sent = now;
    };
    const sent = (bytes) => {
      this.moved += Math.max(0, Math.min(bytes, one.size) - hand.sent);
      here(bytes);
    };
    const putBack = () => {
      here(0);
      this.inHand[lane] = null;
    };
    const end = (refused) => {
      // Of one that was not taken the rest never went out.
      if (refused) here(one.size);
      else sent(one.size);
      this.inHand[lane] = null;
      if (refused) this.refuse(one.path, refused);
      else this.sent += 1;
    };
    return { sent, here, end, putBack };
  }

  // A file that was not taken, and no byte of it sent.
  refuseSkipped(one, words) {
    this.bytes += one.size;
    this.refuse(one.path, { words, local: false });
  }

  // Of the refused only the first are kept by name, and the first of those that can be read nowhere else.
  refuse(path, { words, local }) {
    this.refused += 1;
    if (local) this.refusedHere += 1;
    if (this.reasons.length < REASONS || (local && this.refusedHere <= REASONS)) this.reasons.push({ path, words });
  }

  // A rest: what was measured before it says nothing of the speed after it.
  rest() {
    this.#samples = [];
  }

  // Bytes a second over the last seconds, and the seconds that are left at that speed; null while not known.
  pace(now = performance.now()) {
    this.#samples.push([now, this.moved]);
    while (this.#samples.length > 2 && now - this.#samples[0][0] > WINDOW) this.#samples.shift();
    const [since, then] = this.#samples[0];
    if (now - since < 1000 || this.moved <= then) return { speed: null, left: null };
    const speed = ((this.moved - then) * 1000) / (now - since);
    return { speed, left: Math.max(0, this.allBytes - this.bytes) / speed };
  }
}
