// The line to the server: whether requests may go out, and what is done when one failed. All who send share it.

import { wordsOf } from "./reasons.js";
import { Wakers } from "./wakers.js";
import { say } from "./words.js";
import { cutAll } from "./wire.js";

const AGAIN = new Set([0, 408, 409, 423, 425, 429]);
const LONGEST_PAUSE = 15000;
const PROBE = 5000;

// Milliseconds to the next try. Full jitter: many lanes and many people do not come back at the same moment.
export const pause = (attempt) => Math.min(LONGEST_PAUSE, 500 * 2 ** attempt) * (0.5 + Math.random() / 2);

// The batch is gone: no file of it can be sent any more.
export class BatchGone extends Error {}

// The server takes nothing from this page; the message is for the person.
export class NoneTaken extends Error {}

// A 403 without a code comes from what stands before the program, or from a session that ended.
const isSignedOut = (status, text) => status === 401 || (status === 403 && !wordsOf(text));

export class Line {
  paused = false;
  #offline = false;
  #changes = new Wakers();
  #signIn = null;
  #ended = new AbortController();

  // `voice.trouble(words, onGoOn)` tells the person; "" when all is well again.
  constructor(voice) {
    this.voice = voice;
    const { signal } = this.#ended;
    window.addEventListener("offline", () => this.#lose(), { signal });
    window.addEventListener("online", () => this.#find(), { signal });
    if (!navigator.onLine) this.#lose();
  }

  // To be awaited before each request. While the browser says it is offline one is let through now and then: this
  // computer may be the server itself.
  async ready() {
    while (this.paused) await this.#changes.wait();
    if (this.#offline) await this.#changes.wait(PROBE * (0.75 + Math.random() / 2));
    while (this.paused) await this.#changes.wait();
  }

  // An answer came.
  worked() {
    this.#offline = false;
    this.trouble("");
  }

  // Tells the person what is waited for; the gate of those who are signed out stays before it.
  trouble(words) {
    if (!this.#signIn) this.voice.trouble(words);
  }

  pause() {
    this.paused = true;
    cutAll();
  }

  resume() {
    this.paused = false;
    this.#changes.wakeAll();
  }

  // Nothing is sent any more: whoever still wants to waits for ever.
  end() {
    this.pause();
    this.#ended.abort();
  }

  // What a failed answer means: resolves to null when it is time to try again, to words when it never will be.
  // Meanwhile the person reads `told`. Rejects with BatchGone or NoneTaken.
  async afterFailure({ status, text }, attempt, told = wordsOf(text)) {
    if (this.paused) return null;
    if (status === 404 || (status === 410 && text.startsWith("batch."))) throw new BatchGone(text);
    if (isSignedOut(status, text)) return this.#askToSignIn();
    if (status === 403) throw new NoneTaken(wordsOf(text));
    if (!AGAIN.has(status) && status < 500) return told || text || say.busy;
    if (status !== 409) this.trouble(status === 0 ? this.#away : told || say.busy);
    if (status !== 409 || attempt) await this.#changes.wait(pause(attempt));
    return null;
  }

  get #away() {
    return this.#offline ? say.offline : say.away;
  }

  // One gate for all: the first that is signed out shows it, all wait behind it until the person goes on.
  async #askToSignIn() {
    this.#signIn ??= new Promise((resolve) => this.voice.trouble(say.signedOut, resolve));
    await this.#signIn;
    this.#signIn = null;
    this.voice.trouble("");
    return null;
  }

  #lose() {
    this.#offline = true;
    this.trouble(say.offline);
    cutAll();
  }

  #find() {
    this.#offline = false;
    this.trouble("");
    this.#changes.wakeAll();
  }
}
