// Between those who find out what must be sent and those who send it: bounded, so that nobody runs far ahead.

export class Queue {
  #files = [];
  #putBack = [];
  #takers = new Set();
  #putters = [];
  #closed = false;
  #stopped = false;

  constructor(most) {
    this.most = most;
  }

  // Waits while it is full.
  async put(file) {
    while (this.#files.length >= this.most && !this.#closed) {
      await new Promise((resolve) => this.#putters.push(resolve));
    }
    if (this.#closed) return;
    this.#files.push(file);
    this.#wakeTaker();
  }

  // A file that cannot be sent now: its turn comes after all others. Returns how many others there are.
  putBack(file) {
    if (!this.#stopped) this.#putBack.push(file);
    this.#wakeTaker();
    return this.#files.length;
  }

  // Waits for the next; null when there will be none. One that was put back is given out when no other has come for
  // `rest` milliseconds.
  async take(rest = 0) {
    const due = performance.now() + rest;
    for (;;) {
      if (this.#files.length) {
        this.#putters.shift()?.();
        return this.#files.shift();
      }
      if (this.#closed && !this.#putBack.length) return null;
      const wait = this.#putBack.length ? due - performance.now() : Infinity;
      if (wait <= 0) return this.#putBack.shift();
      await this.#change(wait);
    }
  }

  // No more is put; what is in it is still taken.
  close() {
    this.#closed = true;
    for (const wake of [...this.#takers, ...this.#putters.splice(0)]) wake();
  }

  // Nothing in it is wanted any more.
  stop() {
    this.#files = [];
    this.#putBack = [];
    this.#stopped = true;
    this.close();
  }

  #wakeTaker() {
    const [first] = this.#takers;
    first?.();
  }

  #change(longest) {
    return new Promise((resolve) => {
      const timer = longest === Infinity ? 0 : setTimeout(() => wake(), longest);
      const wake = () => {
        clearTimeout(timer);
        this.#takers.delete(wake);
        resolve();
      };
      this.#takers.add(wake);
    });
  }
}
