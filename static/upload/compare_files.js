// Compares files with the library: hashes them in web workers and looks up their checksums and sizes on the server.

import { isOtherAccount, postWithRetry } from "./api.js";
import { Hasher } from "./hashing.js";
import { messages } from "./messages.js";
import { Connection } from "./network.js";

const FILES_AT_ONCE = 200;
const MAX_WAIT = 1000;
const MAX_HASHERS = 4;

// A cancellable comparison of files. Sets two properties of each file: `stored`, its state, and `verifiedAt`, a Date or
// null. The state is one of the server's (batches/intake/stored_files.py), "ignored" or "unreadable".
export class Comparison {
  files = 0;
  bytes = 0;
  #hashers = [];
  #cancelled = false;
  #stop = () => {};
  #stopped = new Promise((resolve) => {
    this.#stop = resolve;
  });

  // `showWarning(text, onResume)` shows a warning; see Connection in network.js.
  constructor(page, showWarning) {
    this.page = page;
    this.connection = new Connection(showWarning, () => isOtherAccount(page));
  }

  // Resolves to whether all files were compared; rejects with a message for the user.
  async run(files) {
    const count = Math.max(1, Math.min(MAX_HASHERS, (navigator.hardwareConcurrency || 2) - 1));
    const remaining = files.values();
    this.#hashers = Array.from({ length: count }, () => new Hasher());
    try {
      const comparisons = this.#hashers.map((hasher) => this.#compare(remaining, hasher));
      // A request may wait for the user to sign in again, so do not wait for it when the user cancels.
      await Promise.race([Promise.all(comparisons), this.#stopped]);
      // If another account has signed in, the files were compared with that account's library.
      if (!this.#cancelled && (await isOtherAccount(this.page))) throw new Error(messages.otherAccount);
    } finally {
      for (const hasher of this.#hashers) hasher.close();
      this.connection.close();
    }
    return !this.#cancelled;
  }

  cancel() {
    this.#cancelled = true;
    this.#stop();
  }

  // Takes files from the iterator that all hashers share.
  async #compare(remaining, hasher) {
    let hashed = [];
    let lastRequest = performance.now();
    for (const file of remaining) {
      if (this.#cancelled) return;
      if (await this.#hash(file, hasher)) hashed.push(file);
      if (hashed.length >= FILES_AT_ONCE || performance.now() - lastRequest > MAX_WAIT) {
        await this.#lookUp(hashed);
        hashed = [];
        lastRequest = performance.now();
      }
    }
    await this.#lookUp(hashed);
  }

  // Resolves to whether the file has to be looked up on the server.
  async #hash(selected, hasher) {
    const file = await selected.file().catch(() => null);
    selected.size = file?.size ?? 0;
    selected.modified = file?.lastModified ?? 0;
    selected.verifiedAt = null;
    selected.digest = file?.size ? await hasher.digest(file) : null;
    if (!selected.digest) {
      selected.stored = file && !file.size ? "ignored" : "unreadable";
      this.#count(selected);
    }
    return Boolean(selected.digest);
  }

  async #lookUp(hashed) {
    if (!hashed.length || this.#cancelled) return;
    const files = hashed.map(({ digest, size }) => ({ sha256: digest, size }));
    const answer = await postWithRetry(this.connection, this.page.urls.check, { files });
    if (!answer) throw new Error(messages.noResponse);
    for (const [index, { state, verified_at: time }] of answer.files.entries()) {
      hashed[index].stored = state;
      hashed[index].verifiedAt = time && new Date(time);
      this.#count(hashed[index]);
    }
  }

  #count({ size }) {
    this.files += 1;
    this.bytes += size;
  }
}
