// The question whether to go on with a batch that was begun earlier.

import { say } from "./words.js";

const byId = (id) => document.getElementById(id);

// Resolves to one of the batches, or to null for a new one.
export function choose(batches) {
  if (!batches.length) return Promise.resolve(null);
  return new Promise((resolve) => {
    const decide = (batch) => {
      byId("offer").hidden = true;
      resolve(batch);
    };
    byId("offers").replaceChildren(...batches.map((batch, at) => line(batch, at, decide)));
    byId("start-new").onclick = () => decide(null);
    byId("choose").hidden = true;
    byId("offer").hidden = false;
    byId("offer-title").focus();
  });
}

// Takes the question back, because other files were chosen; returns whether there was one. Who asked it waits for ever.
export function withdraw() {
  const asked = !byId("offer").hidden;
  byId("offer").hidden = true;
  return asked;
}

function line(batch, at, decide) {
  const row = byId("offer-row").content.firstElementChild.cloneNode(true);
  row.querySelector("h2").textContent = say.goOnWith(batch.name);
  row.querySelector("p").textContent = say.hereOf(batch.here, batch.whole);
  const progress = row.querySelector("progress");
  progress.max = batch.whole || 1;
  progress.value = batch.here;
  progress.setAttribute("aria-label", batch.name);
  const button = row.querySelector("button");
  button.textContent = say.goOn;
  button.classList.toggle("primary", at === 0);
  button.addEventListener("click", () => decide(batch));
  return row;
}
