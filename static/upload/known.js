// Which files are in the library already: asked by sizes first, which costs nothing; only where a size is found the
// file is read here, and the server is asked by its digest.

import { ask } from "./ask.js";

const TOGETHER = 100;
const LONGEST = 2000;

// Parts a page into [those of a size that the library does not have, those that may be there].
export async function partBySize(page, batch, sizesUrl) {
  const sizes = [...new Set(page.map(({ size }) => size))].filter((size) => size > 0);
  const answer = sizes.length ? await ask(batch.line, sizesUrl, { sizes }, { savesWork: true }) : null;
  const known = new Set(answer?.sizes);
  return [page.filter(({ size }) => !known.has(size)), page.filter(({ size }) => known.has(size))];
}

// Reads files one by one and asks for some at a time: what the library has is ended there, the rest goes to `queue`.
export async function takeKnown(files, batch, hashing, meter, queue) {
  let gathered = [];
  let since = performance.now();
  const flush = async () => {
    const asked = gathered;
    gathered = [];
    since = performance.now();
    if (asked.length) await askFor(asked, batch, meter, queue);
  };
  for (const one of files) {
    await batch.line.ready();
    const file = await one.file().catch(() => null);
    const sha256 = file && (await hashing.digest(file));
    if (sha256) gathered.push({ one, file, sha256 });
    else await queue.put(one);
    if (gathered.length >= TOGETHER || performance.now() - since > LONGEST) await flush();
  }
  await flush();
}

async function askFor(asked, batch, meter, queue) {
  const files = asked.map(({ one, file, sha256 }) => ({
    relative_path: one.path,
    filename: file.name,
    size: file.size,
    last_modified: String(file.lastModified),
    sha256,
  }));
  const answer = await ask(batch.line, `${batch.url}known/`, { files }, { savesWork: true });
  for (const [at, { one }] of asked.entries()) {
    const { state, words } = answer?.files[at] ?? { state: "unknown" };
    if (state === "unknown") await queue.put(one);
    else if (state === "refused") meter.refuseSkipped(one, words);
    else meter.skip(one, "known");
  }
}
