// From what a person chooses or drops to a plain list of {file, path}.

const JUNK = /^(\.DS_Store|Thumbs\.db|desktop\.ini|\._.*)$/i;

const isWanted = ({ file }) => !JUNK.test(file.name);

// Plain comparison: by the rules of a language, 100,000 paths would stop the page for seconds.
const inOrder = (found) => found.filter(isWanted).sort((a, b) => (a.path < b.path ? -1 : Number(a.path > b.path)));

export function fromInput(list) {
  return inOrder(Array.from(list, (file) => ({ file, path: file.webkitRelativePath || file.name })));
}

// The browser forgets the entries after the event: take them before anything is awaited.
export function fromDrop(dataTransfer) {
  const entries = Array.from(dataTransfer.items, (item) => item.webkitGetAsEntry?.()).filter(Boolean);
  return readAll(entries);
}

// A name for the whole: the folder that holds everything, if there is one.
export function folderOf(chosen) {
  const folders = new Set(chosen.map(({ path }) => (path.includes("/") ? path.slice(0, path.indexOf("/")) : "")));
  return folders.size === 1 ? [...folders][0] : "";
}

async function readAll(entries) {
  const found = [];
  const waiting = [...entries];
  while (waiting.length) {
    const entry = waiting.pop();
    if (entry.isDirectory) {
      waiting.push(...(await children(entry)));
    } else {
      found.push(asFile(entry));
    }
  }
  return inOrder(await Promise.all(found));
}

// One call hands over at most a hundred: ask until none is left.
async function children(folder) {
  const reader = folder.createReader();
  const all = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return all;
    for (const entry of some) all.push(entry);
  }
}

function asFile(entry) {
  const path = entry.fullPath.replace(/^\//, "");
  return new Promise((resolve, reject) => entry.file((file) => resolve({ file, path }), reject));
}
