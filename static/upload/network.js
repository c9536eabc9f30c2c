// HTTP requests, and the connection that all uploads of a page share: paused, offline, signed out or retrying.

import { Signal } from "./concurrency.js";
import { errorText, messages } from "./messages.js";

const SILENCE_TIMEOUT = 90000;
const RETRY_STATUSES = new Set([0, 408, 409, 423, 425, 429]);
const MAX_BACKOFF = 15000;
const MAX_RETRY_AFTER = 300;
const OFFLINE_PROBE = 5000;
const activeRequests = new Set();

// Resolves to {status, text, header(name), url, sentAt}; status 0 means that the server was not reached or the request
// was aborted. A request without progress for 90 s is aborted, because a phone that has changed networks would wait for
// it forever. Uses XMLHttpRequest, because fetch does not report upload progress.
export function request(method, url, headers, body = null, onProgress = null) {
  return new Promise((resolve) => {
    const xhr = new XMLHttpRequest();
    const sentAt = performance.now();
    let timer = 0;
    const restartTimer = () => {
      clearTimeout(timer);
      timer = setTimeout(() => xhr.abort(), SILENCE_TIMEOUT);
    };
    xhr.open(method, url);
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
    xhr.upload.addEventListener("progress", (event) => {
      restartTimer();
      onProgress?.(event.loaded);
    });
    xhr.addEventListener("loadend", () => {
      clearTimeout(timer);
      activeRequests.delete(xhr);
      const header = (name) => xhr.getResponseHeader(name);
      resolve({ status: xhr.status, text: xhr.responseText, url: xhr.responseURL, header, sentAt });
    });
    activeRequests.add(xhr);
    restartTimer();
    xhr.send(body);
  });
}

// Each aborted request resolves with status 0.
function abortRequests() {
  for (const xhr of [...activeRequests]) xhr.abort();
}

// Milliseconds until the next attempt. Jitter keeps many clients from retrying at the same moment.
export const backoff = (attempt) => Math.min(MAX_BACKOFF, 500 * 2 ** attempt) * (0.5 + Math.random() / 2);

// The batch was cancelled or deleted: none of its files can be uploaded.
export class BatchGone extends Error {}

// The server accepts nothing more from this page; the message is for the user.
export class UploadForbidden extends Error {}

// A 413 without an error code: a proxy in front of the server refused the request because of its size.
export const isProxyLimit = ({ status, text }) => status === 413 && !errorText(text);

// A 403 without an error code: a proxy refused the request, or the session has ended.
const isSignedOut = (status, text) => status === 401 || (status === 403 && !errorText(text));

export class Connection {
  paused = false;
  #offline = false;
  #changed = new Signal();
  #question = null;
  #answeredAt = 0;
  #closed = new AbortController();

  // `showWarning(text, onResume)` shows a warning; "" hides it. `isOtherAccount()` resolves to whether this browser is
  // signed in to another account, or to null if that is unknown.
  constructor(showWarning, isOtherAccount) {
    Object.assign(this, { showWarning, isOtherAccount });
    const { signal } = this.#closed;
    window.addEventListener("offline", () => this.#goOffline(), { signal });
    window.addEventListener("online", () => this.#goOnline(), { signal });
    if (!navigator.onLine) this.#goOffline();
  }

  // Await this before each request. While the browser is offline, a request is let through every few seconds, because
  // the server may run on this computer.
  async ready() {
    while (this.paused) await this.#changed.wait();
    if (this.#offline) await this.#changed.wait(OFFLINE_PROBE * (0.75 + Math.random() / 2));
    while (this.paused) await this.#changed.wait();
  }

  // Call this after a successful request.
  succeeded() {
    this.#offline = false;
    this.warn("");
  }

  // Does nothing while the page waits for the user to press “Resume”.
  warn(text) {
    if (!this.#question) this.showWarning(text);
  }

  pause() {
    this.paused = true;
    abortRequests();
  }

  resume() {
    this.paused = false;
    this.#changed.notifyAll();
  }

  // Stops all uploads: aborts their requests, and from now on ready() never resolves.
  close() {
    this.pause();
    this.#closed.abort();
  }

  // Handles a failed response: resolves to null when it is time to retry, or to a text when retrying is pointless.
  // Shows `warning` while it waits. Rejects with BatchGone or UploadForbidden. Honours the server's Retry-After, up to
  // MAX_RETRY_AFTER.
  async afterFailure({ status, text, header, sentAt }, attempt, warning = errorText(text)) {
    if (this.#isOutdated(sentAt)) return null;
    if (status === 404 || (status === 410 && text.startsWith("batch."))) {
      const isOther = await this.isOtherAccount();
      if (this.#isOutdated(sentAt)) return null;
      // If another upload already shows this warning, wait for “Resume” too, even if the right account is signed in again.
      if (isOther || this.#question) return this.#waitForUser(messages.otherAccountDuring);
      if (isOther === false) throw new BatchGone(text);
      return this.#changed.wait(backoff(attempt)).then(() => null);
    }
    if (isSignedOut(status, text)) return this.#waitForUser(messages.signedOut);
    if (isProxyLimit({ status, text })) return this.#waitForUser(messages.proxyLimit);
    if (status === 403) throw new UploadForbidden(errorText(text));
    if (!RETRY_STATUSES.has(status) && status < 500) return warning || messages.unexpected(status);
    if (status !== 409) this.warn(status === 0 ? this.#unreachable : warning || messages.busy);
    const seconds = Math.min(MAX_RETRY_AFTER, Number(header?.("Retry-After")) || 0);
    if (status !== 409 || attempt) await this.#changed.wait(Math.max(seconds * 1000, backoff(attempt)));
    return null;
  }

  get #unreachable() {
    return this.#offline ? messages.offline : messages.connectionLost;
  }

  // Whether a request failed because of a pause, or was sent before the user pressed “Resume”. If so, it is repeated.
  #isOutdated(sentAt) {
    return this.paused || sentAt < this.#answeredAt;
  }

  // The first upload that cannot continue shows the warning. All uploads wait until the user resumes.
  #waitForUser(text) {
    this.#question ??= new Promise((resolve) => this.showWarning(text, resolve)).then(() => {
      this.#question = null;
      this.#answeredAt = performance.now();
      this.showWarning("");
      return null;
    });
    return this.#question;
  }

  #goOffline() {
    this.#offline = true;
    this.warn(messages.offline);
    abortRequests();
  }

  #goOnline() {
    this.#offline = false;
    this.warn("");
    this.#changed.notifyAll();
  }
}
