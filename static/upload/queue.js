// Between those who find out what must be sent and those who send it: bounded, so that nobody runs far ahead.

export class Queue {
  #files = [];
  #takers = [];
  #putters = [];
  #closed = false;

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
    this.#takers.shift()?.();
  }

  // Waits for the next; null when there will be none.
  async take() {
    while (!this.#files.length && !this.#closed) {
      await new Promise((resolve) => this.#takers.push(resolve));
    }
    this.#putters.shift()?.();
    return this.#files.shift() ?? null;
  }

  // No more is put; what is in it is still taken.
  close() {
    this.#closed = true;
    for (const wake of [...this.#takers.splice(0), ...this.#putters.splice(0)]) wake();
  }

  // Nothing in it is wanted any more.
  stop() {
    this.#files = [];
    this.close();
  }
}
