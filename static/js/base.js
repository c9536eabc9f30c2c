// Runs on every page (base.html). Manages the page's socket, menus and the keyboard focus.
//
// htmx opens one socket per page. Each frame is acknowledged, and a notice appears when the connection is lost.

const SIGNED_OUT = 4403;
const NOT_FOUND = 4404;
const RETRIED_BY_HTMX = new Set([1006, 1011, 1012, 1013]);
// The delay avoids a notice after a short interruption or when the user leaves the page.
const NOTICE_DELAY = 1000;

// Otherwise, htmx would wait for up to 64 s after several failed attempts.
const MAX_RECONNECT_DELAY = 5000;
htmx.config.wsReconnectDelay = (failedAttempts) =>
  Math.min(1000 * 2 ** failedAttempts, MAX_RECONNECT_DELAY) * (0.5 + Math.random() / 2);

const connection = () => document.getElementById("connection");
let noticeTimer = 0;

function showNotice(text) {
  clearTimeout(noticeTimer);
  connection().textContent = text;
  connection().hidden = !text;
}

document.addEventListener("htmx:wsOpen", () => showNotice(""));

document.addEventListener("htmx:wsAfterMessage", ({ detail }) => detail.socketWrapper.send("seen"));

document.addEventListener("htmx:wsClose", ({ target, detail }) => {
  const { code } = detail.event;
  if (code === SIGNED_OUT) {
    showNotice(target.dataset.signedOut);
  } else if (code === NOT_FOUND) {
    showNotice(target.dataset.notFound);
  } else {
    clearTimeout(noticeTimer);
    noticeTimer = setTimeout(() => showNotice(connection().dataset.connectionLost), target.hidden ? NOTICE_DELAY : 0);
    if (!RETRIED_BY_HTMX.has(code)) {
      setTimeout(() => target.isConnected && detail.socketWrapper.reconnect(), 1000 + Math.random() * 2000);
    }
  }
});

// After sign-out, the server redirects requests for a part of a page to the sign-in page, which must not be swapped in.
document.addEventListener("htmx:beforeSwap", (event) => {
  const requested = new URL(event.detail.requestConfig.path, window.location.href);
  if (new URL(event.detail.xhr.responseURL).pathname !== requested.pathname) {
    event.detail.shouldSwap = false;
    showNotice(connection().dataset.signedOut);
  }
});

// Escape closes a menu and focuses its button, and a click elsewhere closes it. When a live update replaces elements, the
// focus is restored, and open elements stay open.
const openMenus = () => document.querySelectorAll("details[open]:has(> .menu)");
let focusedId = "";
let openIds = [];

// An element that has just been hidden keeps the focus until the next rendering.
function isFocusLost() {
  const { activeElement } = document;
  return activeElement === document.body || !activeElement.checkVisibility();
}

document.addEventListener("keydown", ({ key }) => {
  if (key !== "Escape") return;
  for (const menu of openMenus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

document.addEventListener("click", ({ target }) => {
  for (const menu of openMenus()) if (!menu.contains(target)) menu.open = false;
});

// When a popover closes, the browser returns the focus to its button. If a live update has replaced the button, focus
// the new one here.
function returnFocus({ target, newState }) {
  if (newState !== "closed" || !target.id || !isFocusLost()) return;
  document.querySelector(`[popovertarget="${target.id}"]:not([popovertargetaction])`)?.focus();
}

document.addEventListener("toggle", returnFocus, { capture: true });

function attributesOf(element) {
  const others = [...element.attributes].filter(({ name }) => name !== "hx-swap-oob");
  return others.map(({ name, value }) => `${name}=${value}`).sort().join();
}

// Frames are not indented, so whitespace is not compared.
const contentOf = (element) => element.innerHTML.replaceAll(/\s/g, "");

// The first frame after a page has loaded contains mostly what the page already shows.
const isSame = (shown, received) =>
  attributesOf(shown) === attributesOf(received) && contentOf(shown) === contentOf(received);

document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
  // A click has no effect if its target is replaced while the mouse button is down, so replace only changed elements.
  const received = detail.fragment.firstElementChild;
  if (received && isSame(detail.target, received)) {
    detail.shouldSwap = false;
    return;
  }
  if (detail.target.contains(document.activeElement)) focusedId = document.activeElement.id;
  openIds = [...detail.target.querySelectorAll("details[open][id]")].map(({ id }) => id);
});

document.addEventListener("htmx:oobAfterSwap", () => {
  for (const id of openIds) document.getElementById(id)?.setAttribute("open", "");
  openIds = [];
  if (focusedId && isFocusLost()) document.getElementById(focusedId)?.focus();
  focusedId = "";
});
