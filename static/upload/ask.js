// Questions to the server in JSON.

import { say } from "./words.js";
import { exchange } from "./wire.js";

// Django changes the token when a person signs in again: read it at each use.
function csrfToken() {
  const cookie = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
  return cookie ? cookie[1] : document.querySelector("[name=csrfmiddlewaretoken]").value;
}

async function post(url, content) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": csrfToken() };
  const answer = await exchange("POST", url, headers, JSON.stringify(content));
  // Signed out, the answer is the sign-in page.
  const elsewhere = answer.url && new URL(answer.url).pathname !== new URL(url, window.location).pathname;
  return elsewhere ? { ...answer, status: 401 } : answer;
}

function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

// Once: before anything is begun a failure is told and the person tries again. Rejects with the words.
export async function askOnce(url, content) {
  const { status, text } = await post(url, content);
  if (status >= 200 && status < 300) return read(text);
  const { error } = read(text);
  if (status === 401 || (status === 403 && !error)) throw new Error(say.signedOut);
  throw new Error(error || say.notOpened);
}

// Until there is an answer: null when the server does not take the question, or fails at one that only saves work.
// Rejects with BatchGone or NoneTaken.
export async function ask(line, url, content, { savesWork = false } = {}) {
  for (let attempt = 0; ; attempt += 1) {
    await line.ready();
    const answer = await post(url, content);
    if (answer.status >= 200 && answer.status < 300) {
      line.worked();
      return read(answer.text);
    }
    if (savesWork && answer.status === 500 && attempt >= 2) return null;
    const { code, error } = read(answer.text);
    const text = code ? `${code}: ${error}` : "";
    if ((await line.afterFailure({ status: answer.status, text }, attempt)) !== null) return null;
  }
}
