// The batch page's socket is htmx's; this answers each frame, keeps title and list in step with it, and says when it
// is away.

const SIGNED_OUT = 4403;
const NOT_FOUND = 4404;
const RETRIED_BY_HTMX = new Set([1006, 1011, 1012, 1013]);
const LIST_PAUSE = 2000;
const RETRY_PAUSE = 5000;

const live = document.getElementById("live");
const connection = document.getElementById("connection");
let shownState = document.getElementById("summary").dataset.state;
let listTimer = 0;
let awayTimer = 0;

function say(text) {
  clearTimeout(awayTimer);
  connection.textContent = text;
  connection.hidden = !text;
}

function refreshList() {
  clearTimeout(listTimer);
  listTimer = 0;
  shownState = document.getElementById("summary").dataset.state;
  // An older answer still on its way would swap the list, and htmx drop what waits behind it.
  window.htmx.trigger("#files", "htmx:abort");
  window.htmx.trigger("#files", "refresh");
}

// The list follows at most every two seconds, and once more at the end; a page of finished files stays as it is.
function followList() {
  const { dataset } = document.getElementById("summary");
  if (dataset.state === shownState) return;
  if ("ended" in dataset) {
    refreshList();
  } else if (!listTimer && !("settled" in document.getElementById("files").dataset)) {
    listTimer = setTimeout(refreshList, LIST_PAUSE);
  }
}

function retryList(event) {
  if (event.target.id === "files" && !listTimer) {
    listTimer = setTimeout(refreshList, RETRY_PAUSE);
  }
}

live.addEventListener("htmx:wsOpen", () => say(""));

live.addEventListener("htmx:wsAfterMessage", ({ detail }) => {
  detail.socketWrapper.send("seen");
  document.title = document.getElementById("summary").dataset.title;
  followList();
});

live.addEventListener("htmx:wsClose", ({ detail }) => {
  const { code } = detail.event;
  if (code === SIGNED_OUT) {
    say(connection.dataset.signedOut);
  } else if (code === NOT_FOUND) {
    say(connection.dataset.notFound);
  } else {
    // A short break, or leaving the page, is not worth a word.
    clearTimeout(awayTimer);
    awayTimer = setTimeout(() => say(connection.dataset.away), connection.hidden ? 1000 : 0);
    if (!RETRIED_BY_HTMX.has(code)) {
      setTimeout(() => detail.socketWrapper.reconnect(), 1000 + Math.random() * 2000);
    }
  }
});

// Signed out meanwhile, the list's request ends at the sign-in page: that is no list.
live.addEventListener("htmx:beforeSwap", (event) => {
  if (new URL(event.detail.xhr.responseURL).pathname !== window.location.pathname) {
    event.detail.shouldSwap = false;
    say(connection.dataset.signedOut);
  }
});

live.addEventListener("htmx:sendError", retryList);
live.addEventListener("htmx:responseError", retryList);
