// Between those who find out what must be sent and those who send it: bounded, so that nobody runs far ahead.

import { Wakers } from "./wakers.js";

export class Queue {
  #files = [];
  #putBack = [];
  #takers = new Wakers();
  #putters = new Wakers();
  #closed = false;
  #stopped = false;

  constructor(most) {
    this.most = most;
  }

  // Waits while it is full.
  async put(file) {
    while (this.#files.length >= this.most && !this.#closed) {
      await this.#putters.wait();
    }
    if (this.#closed) return;
    this.#files.push(file);
    this.#takers.wakeOne();
  }

  // A file that cannot be sent now: its turn comes after all others. Returns how many others there are.
  putBack(file) {
    if (!this.#stopped) this.#putBack.push(file);
    this.#takers.wakeOne();
    return this.#files.length;
  }

  // Waits for the next; null when there will be none. One that was put back is given out when no other has come for
  // `rest` milliseconds.
  async take(rest = 0) {
    const due = performance.now() + rest;
    for (;;) {
      if (this.#files.length) {
        this.#putters.wakeOne();
        return this.#files.shift();
      }
      if (this.#closed && !this.#putBack.length) return null;
      const wait = this.#putBack.length ? due - performance.now() : Infinity;
      if (wait <= 0) return this.#putBack.shift();
      await this.#takers.wait(wait);
    }
  }

  // No more is put; what is in it is still taken.
  close() {
    this.#closed = true;
    this.#takers.wakeAll();
    this.#putters.wakeAll();
  }

  // Nothing in it is wanted any more.
  stop() {
    this.#files = [];
    this.#putBack = [];
    this.#stopped = true;
    this.close();
  }
}
