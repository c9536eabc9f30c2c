// How far the sending is: numbers without a page.

const WINDOW = 10000;

export class Meter {
  constructor(allFiles, allBytes) {
    Object.assign(this, { allFiles, allBytes, files: 0, bytes: 0, refused: 0, refusedHere: 0 });
    this.reasons = [];
    this.samples = [];
  }

  // A file begins: `at` says where it stands, `end` that it has come to its end, well or badly.
  begin(size) {
    let counted = 0;
    const at = (sent) => {
      const now = Math.min(sent, size);
      this.bytes += now - counted;
      counted = now;
    };
    const end = () => {
      at(size);
      this.files += 1;
    };
    return { at, end };
  }

  // Of the refused only the first are kept by name.
  refuse(path, { words, local }) {
    this.refused += 1;
    if (local) this.refusedHere += 1;
    if (this.reasons.length < 20) this.reasons.push({ path, words });
  }

  get percent() {
    const share = this.allBytes ? this.bytes / this.allBytes : this.files / this.allFiles;
    return Math.floor(100 * Math.min(share, this.allFiles ? 1 : 0));
  }

  // Bytes a second over the last seconds, and the seconds that are left at that speed; null while not known.
  pace(now = performance.now()) {
    this.samples.push([now, this.bytes]);
    while (this.samples.length > 2 && now - this.samples[0][0] > WINDOW) this.samples.shift();
    const [since, then] = this.samples[0];
    if (now - since < 1000 || this.bytes <= then) return { speed: null, left: null };
    const speed = ((this.bytes - then) * 1000) / (now - since);
    return { speed, left: (this.allBytes - this.bytes) / speed };
  }
}
