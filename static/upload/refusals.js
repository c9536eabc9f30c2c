// The files that were not taken, with their reasons: the first of them by name.

import { say } from "./words.js";

const byId = (id) => document.getElementById(id);

export class Refusals {
  #listed = 0;

  draw({ reasons, refused }) {
    for (; this.#listed < reasons.length; this.#listed += 1) {
      const { path, words } = reasons[this.#listed];
      const line = document.createElement("li");
      const name = document.createElement("b");
      name.textContent = path;
      line.append(name, document.createElement("br"), words);
      byId("refused-list").append(line);
    }
    byId("refused").hidden = !refused;
    byId("refused-title").textContent = say.notTaken(refused);
    byId("refused-more").hidden = refused <= reasons.length;
    byId("refused-more").textContent = say.more(refused - reasons.length);
  }
}
