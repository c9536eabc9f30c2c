// The one socket of a page is htmx's; this answers each frame and says when the socket is away. Which batches it tells of
// is written in the page (base.html).

const SIGNED_OUT = 4403;
const NOT_FOUND = 4404;
const RETRIED_BY_HTMX = new Set([1006, 1011, 1012, 1013]);

const connection = () => document.getElementById("connection");
let awayTimer = 0;

function say(text) {
  clearTimeout(awayTimer);
  connection().textContent = text;
  connection().hidden = !text;
}

document.addEventListener("htmx:wsOpen", () => say(""));

document.addEventListener("htmx:wsAfterMessage", ({ detail }) => detail.socketWrapper.send("seen"));

document.addEventListener("htmx:wsClose", ({ target, detail }) => {
  const { code } = detail.event;
  if (code === SIGNED_OUT) {
    say(target.dataset.signedOut);
  } else if (code === NOT_FOUND) {
    say(target.dataset.notFound);
  } else {
    // A short break, or leaving the page, is not worth a word.
    clearTimeout(awayTimer);
    awayTimer = setTimeout(() => say(connection().dataset.away), target.hidden ? 1000 : 0);
    if (!RETRIED_BY_HTMX.has(code)) {
      setTimeout(() => target.isConnected && detail.socketWrapper.reconnect(), 1000 + Math.random() * 2000);
    }
  }
});

// Signed out meanwhile, a part's request ends at the sign-in page: that is no part.
document.addEventListener("htmx:beforeSwap", (event) => {
  const asked = new URL(event.detail.requestConfig.path, window.location.href);
  if (new URL(event.detail.xhr.responseURL).pathname !== asked.pathname) {
    event.detail.shouldSwap = false;
    say(connection().dataset.signedOut);
  }
});
