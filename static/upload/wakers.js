// Those who wait for a change: woken by it, or after so many milliseconds.

export class Wakers {
  #wakers = new Set();

  // Resolves with the next change that concerns this one.
  wait(longest = Infinity) {
    return new Promise((resolve) => {
      const timer = longest === Infinity ? 0 : setTimeout(() => wake(), longest);
      const wake = () => {
        clearTimeout(timer);
        this.#wakers.delete(wake);
        resolve();
      };
      this.#wakers.add(wake);
    });
  }

  // Wakes who has waited longest.
  wakeOne() {
    const [first] = this.#wakers;
    first?.();
  }

  wakeAll() {
    for (const wake of [...this.#wakers]) wake();
  }
}
