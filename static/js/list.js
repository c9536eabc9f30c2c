// The list of batches: asked for again when the socket tells that it looks otherwise, at most every two seconds, and only
// while somebody sees it: what is shown counts as looked at.

const LIST_PAUSE = 2000;

let listTimer = 0;

function follow() {
  listTimer = 0;
  const shown = document.getElementById("batches").dataset.state;
  const known = document.getElementById("running").dataset.state;
  if (shown !== known && document.visibilityState === "visible") {
    window.htmx.trigger("#batches", "refresh");
    // Once more, should this answer be lost or be late.
    followSoon();
  }
}

function followSoon() {
  listTimer ||= setTimeout(follow, LIST_PAUSE);
}

document.getElementById("connection").addEventListener("htmx:wsAfterMessage", followSoon);
document.addEventListener("visibilitychange", followSoon);
