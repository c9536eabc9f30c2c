// Counts files and bytes of an upload and estimates its speed. Independent of the page.

const SPEED_WINDOW = 10000;
const MAX_LISTED = 20;

export class Progress {
  // Numbers of finished files: uploaded now, uploaded earlier, duplicates (of stored files or of each other), rejected.
  uploaded = 0;
  resumed = 0;
  duplicates = 0;
  rejected = 0;
  // Empty files, which are not uploaded.
  ignored = 0;
  // Rejected files that the server has no record of.
  unrecorded = 0;
  // {path, reason} of the first rejected files.
  rejections = [];
  // Bytes of finished and active files, and the number of bytes actually sent.
  bytes = 0;
  sentBytes = 0;
  // Each slot is one of the parallel uploads: a file ({path, size, sent}), or null between two files.
  active = [];
  #measuredFiles = 0;
  #measuredBytes = 0;
  #samples = [];

  constructor(totalFiles) {
    this.totalFiles = totalFiles;
  }

  addSize(size) {
    this.#measuredFiles += 1;
    this.#measuredBytes += size;
  }

  get isTotalExact() {
    return this.#measuredFiles === this.totalFiles;
  }

  // Extrapolated until the sizes of all files are known.
  get totalBytes() {
    if (this.isTotalExact || !this.#measuredFiles) return this.#measuredBytes;
    return Math.round((this.#measuredBytes / this.#measuredFiles) * this.totalFiles);
  }

  get finishedFiles() {
    return this.uploaded + this.resumed + this.duplicates + this.rejected + this.ignored;
  }

  get percent() {
    const fraction = this.totalBytes ? this.bytes / this.totalBytes : this.finishedFiles / this.totalFiles;
    return this.finishedFiles === this.totalFiles ? 100 : Math.min(99, Math.floor(100 * fraction));
  }

  // Counts a file that need not be uploaded; `counter` is `resumed`, `duplicates` or `ignored`.
  skip(file, counter) {
    this[counter] += 1;
    this.bytes += file.size;
  }

  // Starts a file in a slot and returns functions to report its progress: `sent(bytes)`, `received(bytes)` for what the
  // server already has, and finally `finish(rejection)`, or `postpone()` if the file will start again. Both byte counts
  // are totals.
  start({ path, size }, slot) {
    const upload = { path, size, sent: 0 };
    this.active[slot] = upload;
    const received = (bytes) => {
      const now = Math.min(bytes, size);
      this.bytes += now - upload.sent;
      upload.sent = now;
    };
    const sent = (bytes) => {
      this.sentBytes += Math.max(0, Math.min(bytes, size) - upload.sent);
      received(bytes);
    };
    const postpone = () => {
      received(0);
      this.active[slot] = null;
    };
    const finish = (rejection) => {
      // The rest of a rejected file counts as done, but not as sent.
      if (rejection) received(size);
      else sent(size);
      this.active[slot] = null;
      if (rejection) this.#reject(path, rejection);
      else this.uploaded += 1;
    };
    return { sent, received, finish, postpone };
  }

  // Counts a file that was rejected before any of its bytes were sent.
  rejectUnsent({ path, size }, reason) {
    this.bytes += size;
    this.#reject(path, { reason, recorded: true });
  }

  // Lists only the first rejections and the first unrecorded ones.
  #reject(path, { reason, recorded }) {
    this.rejected += 1;
    if (!recorded) this.unrecorded += 1;
    const isListed = this.rejections.length < MAX_LISTED || (!recorded && this.unrecorded <= MAX_LISTED);
    if (isListed) this.rejections.push({ path, reason });
  }

  // Call this after an interruption, which makes the speed samples useless.
  resetSpeed() {
    this.#samples = [];
  }

  // Bytes per second over the last 10 s and the seconds left at that speed; null while unknown.
  estimate(now = performance.now()) {
    this.#samples.push([now, this.sentBytes]);
    while (this.#samples.length > 2 && now - this.#samples[0][0] > SPEED_WINDOW) this.#samples.shift();
    const [since, sentThen] = this.#samples[0];
    if (now - since < 1000 || this.sentBytes <= sentThen) return { speed: null, secondsLeft: null };
    const speed = ((this.sentBytes - sentThen) * 1000) / (now - since);
    return { speed, secondsLeft: Math.max(0, this.totalBytes - this.bytes) / speed };
  }
}
