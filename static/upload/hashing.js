// The page's side of hasher.js: one file at a time, started when the first is asked for. A worker that fails or falls
// silent is replaced, but not for ever: a file that is not hashed is sent, which costs time and loses nothing.

const WORKERS = 3;
const QUIET = 30000;

export class Hashing {
  #worker = null;
  #lost = 0;
  #giveUp = () => {};
  #last = Promise.resolve();

  // `quiet`: so many milliseconds a worker may take for a piece of a file.
  constructor(quiet = QUIET) {
    this.quiet = quiet;
  }

  // Resolves to 64 hex digits, or to null when the file cannot be read or workers cannot run here.
  digest(file) {
    this.#last = this.#last.then(() => this.#ask(file));
    return this.#last;
  }

  async #ask(file) {
    while (this.#lost < WORKERS) {
      try {
        return await this.#askWorker(file);
      } catch {
        // Its script did not load, it broke or it hangs: the next one is asked for the same file.
        this.#lost += 1;
        this.#drop();
      }
    }
    return null;
  }

  async #askWorker(file) {
    const worker = (this.#worker ??= new Worker(new URL("./hasher.js", import.meta.url), { type: "module" }));
    let watch = 0;
    const answer = new Promise((resolve, reject) => {
      const heard = () => {
        clearTimeout(watch);
        watch = setTimeout(reject, this.quiet);
      };
      this.#giveUp = reject;
      // Numbers are pieces done.
      worker.onmessage = ({ data }) => (typeof data === "number" ? heard() : resolve(data));
      worker.onerror = reject;
      worker.onmessageerror = reject;
      heard();
      worker.postMessage(file);
    });
    return answer.finally(() => clearTimeout(watch));
  }

  #drop() {
    this.#worker?.terminate();
    this.#worker = null;
  }

  // Those that still wait are not hashed.
  end() {
    this.#lost = WORKERS;
    this.#drop();
    this.#giveUp();
  }
}
