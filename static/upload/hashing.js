// The page's side of hasher.js: one file at a time, started when the first is asked for.

export class Hashing {
  #worker = null;
  #last = Promise.resolve();

  // Resolves to 64 hex digits, or to null when the file cannot be read or workers cannot run here.
  digest(file) {
    this.#last = this.#last.then(() => this.#ask(file)).catch(() => null);
    return this.#last;
  }

  #ask(file) {
    this.#worker ??= new Worker(new URL("./hasher.js", import.meta.url), { type: "module" });
    return new Promise((resolve) => {
      this.#worker.onmessage = ({ data }) => resolve(data);
      this.#worker.onerror = () => resolve(null);
      this.#worker.postMessage(file);
    });
  }

  end() {
    this.#worker?.terminate();
  }
}
