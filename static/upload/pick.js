// From what a person chooses, drops or pastes to a list in the order of paths, in slices; and what was left out of it.

import { breathe } from "./breathe.js";
import { Chosen, isJunk, isJunkFolder } from "./chosen.js";
import { inOrder } from "./order.js";

// `chosen` in order, the number of `junk` files, the paths of `unreadable` folders.
class Found {
  chosen = [];
  junk = 0;
  unreadable = [];

  add(path, source) {
    if (isJunk(path)) this.junk += 1;
    else this.chosen.push(new Chosen(path, source));
  }

  async end() {
    this.chosen = await inOrder(this.chosen);
    return this;
  }
}

// `onFound(number)` hears how many there are so far.
export async function fromInput(list, onFound = () => {}) {
  const found = new Found();
  for (const file of list) {
    found.add(file.webkitRelativePath || file.name, file);
    if (found.chosen.length % 500 === 0) onFound(found.chosen.length);
    await breathe();
  }
  return found.end();
}

// From a drop or a paste. The browser forgets its items after the event: they are taken before anything is awaited.
export function fromTransfer(transfer, onFound = () => {}) {
  const items = Array.from(transfer.items).filter(({ kind }) => kind === "file");
  const taken = items.map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile()).filter(Boolean);
  return walk(taken, onFound);
}

async function walk(taken, onFound) {
  const found = new Found();
  const waiting = taken.reverse();
  while (waiting.length) {
    const one = waiting.pop();
    if (one.isDirectory) await look(one, found, waiting);
    else found.add(one.isFile ? one.fullPath.replace(/^\//, "") : one.name, one);
    onFound(found.chosen.length);
    await breathe();
  }
  return found.end();
}

// Folders go onto the pile of what waits, files are found. One call hands over a hundred at most: ask until none is
// left.
async function look(folder, found, waiting) {
  if (isJunkFolder(folder.name)) return;
  const reader = folder.createReader();
  try {
    for (;;) {
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!some.length) return;
      for (const entry of some) {
        if (entry.isDirectory) waiting.push(entry);
        else found.add(entry.fullPath.replace(/^\//, ""), entry);
      }
      await breathe();
    }
  } catch {
    found.unreadable.push(folder.fullPath.replace(/^\//, ""));
  }
}

// A name for the whole: the folder that holds everything, if there is one.
export function folderOf(chosen) {
  const top = ({ path }) => path.slice(0, path.indexOf("/") + 1);
  // In the order of their paths: what the first and the last share, all share.
  const [first, last] = [chosen[0], chosen.at(-1)];
  return first && top(first) === top(last) ? top(first).slice(0, -1) : "";
}
