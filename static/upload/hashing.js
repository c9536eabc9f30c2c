// Hashes files in a web worker, one at a time. A worker that fails or stops responding is replaced, up to a limit.
// If a file cannot be hashed, an import uploads it even if it is a duplicate, which only costs time.

const MAX_WORKERS = 3;
const SILENCE_TIMEOUT = 30000;

export class Hasher {
  #worker = null;
  #failures = 0;
  #reject = () => {};
  #queue = Promise.resolve();

  // `timeout` is how many milliseconds a worker may take for one piece of a file.
  constructor(timeout = SILENCE_TIMEOUT) {
    this.timeout = timeout;
  }

  // Resolves to 64 hex digits, or to null when the file cannot be read or no worker can be used.
  digest(file) {
    this.#queue = this.#queue.then(() => this.#digest(file));
    return this.#queue;
  }

  async #digest(file) {
    while (this.#failures < MAX_WORKERS) {
      try {
        return await this.#digestInWorker(file);
      } catch {
        // The script did not load, or the worker crashed or hangs. Try the same file in a new worker.
        this.#failures += 1;
        this.#terminate();
      }
    }
    return null;
  }

  async #digestInWorker(file) {
    const worker = (this.#worker ??= new Worker(new URL("./hash_worker.js", import.meta.url), { type: "module" }));
    let timer = 0;
    const digest = new Promise((resolve, reject) => {
      const restartTimer = () => {
        clearTimeout(timer);
        timer = setTimeout(reject, this.timeout);
      };
      this.#reject = reject;
      worker.onmessage = ({ data }) => (typeof data === "number" ? restartTimer() : resolve(data));
      worker.onerror = reject;
      worker.onmessageerror = reject;
      restartTimer();
      worker.postMessage(file);
    });
    return digest.finally(() => clearTimeout(timer));
  }

  #terminate() {
    this.#worker?.terminate();
    this.#worker = null;
  }

  // Stops hashing. Digests that are still pending resolve to null.
  close() {
    this.#failures = MAX_WORKERS;
    this.#terminate();
    this.#reject();
  }
}
