// The server's JSON interface.

import { messages } from "./messages.js";
import { request } from "./network.js";

// Django rotates the token at sign-in, so read it for each request.
function csrfToken() {
  const cookie = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
  return cookie ? cookie[1] : document.querySelector("[name=csrfmiddlewaretoken]").value;
}

async function postJson(url, content) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": csrfToken() };
  const response = await request("POST", url, headers, JSON.stringify(content));
  // After sign-out, the server redirects to the sign-in page.
  const redirected = response.url && new URL(response.url).pathname !== new URL(url, window.location).pathname;
  return redirected ? { ...response, status: 401 } : response;
}

function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

// Whether this browser is signed in to an account other than the page's; null if the server does not return the page.
export async function isOtherAccount({ account, urls }) {
  const { text } = await request("GET", urls.page, {});
  const current = new DOMParser().parseFromString(text, "text/html").getElementById("upload")?.dataset.account;
  return current ? current !== account : null;
}

// Tries once and ignores failures.
export const ping = (url) => postJson(url, {});

// Tries once. Rejects with a message for the user.
export async function post(url, content) {
  const { status, text } = await postJson(url, content);
  if (status >= 200 && status < 300) return parseJson(text);
  const { error } = parseJson(text);
  if (status === 401 || (status === 403 && !error)) throw new Error(messages.signedOut);
  throw new Error(error || messages.noResponse);
}

// Retries until the server responds. Resolves to null when the server rejects the request, or when an `optional`
// request, which only saves work, keeps failing. Rejects with BatchGone or UploadForbidden.
export async function postWithRetry(connection, url, content, { optional = false } = {}) {
  for (let attempt = 0; ; attempt += 1) {
    await connection.ready();
    const response = await postJson(url, content);
    if (response.status >= 200 && response.status < 300) {
      connection.succeeded();
      return parseJson(response.text);
    }
    if (optional && response.status === 500 && attempt >= 2) return null;
    const { code, error } = parseJson(response.text);
    const text = code ? `${code}: ${error}` : "";
    if ((await connection.afterFailure({ ...response, text }, attempt)) !== null) return null;
  }
}
