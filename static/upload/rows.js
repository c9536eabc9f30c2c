// What the lanes have in hand: one row a lane, drawn anew a few times a second. Never a row per file.

import { bytes } from "./words.js";

export class Rows {
  constructor(list, lanes) {
    this.rows = Array.from({ length: lanes }, () => this.#row());
    list.replaceChildren(...this.rows.map(({ row }) => row));
  }

  #row() {
    const row = document.createElement("li");
    const [name, size, progress] = ["b", "small", "progress"].map((kind) => document.createElement(kind));
    // Each row stands in for many files a second: nothing of it is read out.
    progress.max = 1;
    row.append(name, size, progress);
    return { row, name, size, progress };
  }

  draw(inHand) {
    for (const [lane, { row, name, size, progress }] of this.rows.entries()) {
      const hand = inHand[lane];
      row.classList.toggle("idle", !hand);
      if (!hand) continue;
      const label = hand.path.slice(hand.path.lastIndexOf("/") + 1);
      if (name.textContent !== label) name.textContent = label;
      name.title = hand.path;
      size.textContent = bytes(hand.size);
      progress.value = hand.size ? hand.sent / hand.size : 1;
    }
  }
}
