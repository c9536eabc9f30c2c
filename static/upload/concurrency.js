// Building blocks for long-running work: yielding to the page, waiting for a change, a bounded queue.

const SLICE_MS = 12;
const channel = new MessageChannel();
const yielded = [];
let sliceStart = 0;

// A message arrives immediately; nested calls of setTimeout(0) wait 4 ms each.
channel.port1.onmessage = () => {
  sliceStart = performance.now();
  yielded.shift()();
};

// Await this in a loop: after every 12 ms of work, it lets the page draw, scroll and respond.
export function yieldToPage() {
  if (performance.now() - sliceStart < SLICE_MS) return null;
  return new Promise((resolve) => {
    yielded.push(resolve);
    channel.port2.postMessage(null);
  });
}

// A condition variable.
export class Signal {
  #waiters = new Set();

  // Resolves when notified, or after `timeout` milliseconds.
  wait(timeout = Infinity) {
    return new Promise((resolve) => {
      const timer = timeout === Infinity ? 0 : setTimeout(() => wake(), timeout);
      const wake = () => {
        clearTimeout(timer);
        this.#waiters.delete(wake);
        resolve();
      };
      this.#waiters.add(wake);
    });
  }

  // Wakes the waiter that has waited longest.
  notifyOne() {
    const [first] = this.#waiters;
    first?.();
  }

  notifyAll() {
    for (const wake of [...this.#waiters]) wake();
  }
}

// A bounded queue between producers and consumers, with a second, low-priority line for postponed items.
export class Queue {
  #items = [];
  #postponed = [];
  #available = new Signal();
  #room = new Signal();
  #closed = false;
  #aborted = false;

  constructor(capacity) {
    this.capacity = capacity;
  }

  // Waits while the queue is full. Does nothing after close().
  async put(item) {
    while (this.#items.length >= this.capacity && !this.#closed) await this.#room.wait();
    if (this.#closed) return;
    this.#items.push(item);
    this.#available.notifyOne();
  }

  // Puts an item back behind all others. Returns the number of items that are not postponed.
  postpone(item) {
    if (!this.#aborted) this.#postponed.push(item);
    this.#available.notifyOne();
    return this.#items.length;
  }

  // Resolves to the next item, or to null at the end. Postponed items are used only if no other item becomes available
  // within `delay` milliseconds.
  async take(delay = 0) {
    const due = performance.now() + delay;
    for (;;) {
      if (this.#items.length) {
        this.#room.notifyOne();
        return this.#items.shift();
      }
      if (this.#closed && !this.#postponed.length) return null;
      const timeout = this.#postponed.length ? due - performance.now() : Infinity;
      if (timeout <= 0) return this.#postponed.shift();
      await this.#available.wait(timeout);
    }
  }

  // Accepts no more items. Items already in the queue can still be taken.
  close() {
    this.#closed = true;
    this.#available.notifyAll();
    this.#room.notifyAll();
  }

  // Closes the queue and drops its items.
  abort() {
    this.#items = [];
    this.#postponed = [];
    this.#aborted = true;
    this.close();
  }
}
