// What becomes of the files, while more are still being sent: the summary of the batch's own page, by its socket, and the
// sign at the top of every page.

let place = null;

// A frame holds all that the batch's page shows; here is room for its summary alone. Each frame is answered: the server
// sends the next only then.
function show(event) {
  event.preventDefault();
  const frame = new DOMParser().parseFromString(event.detail.message, "text/html");
  const summary = frame.getElementById("summary");
  if (summary) place.replaceChildren(summary);
  const running = frame.getElementById("running");
  if (running) document.getElementById("running").replaceWith(running);
  event.detail.socketWrapper.send("seen");
}

// The page's one socket has told of all batches (base.html); that of this batch comes in its place.
export function watch(batchId, room) {
  if (!window.htmx) return;
  place = room;
  document.addEventListener("htmx:wsBeforeMessage", show);
  const old = document.getElementById("connection");
  const next = old.cloneNode();
  next.setAttribute("ws-connect", `/ws/batches/${batchId}/`);
  next.hidden = true;
  // Sending has its own words for a lost line.
  delete next.dataset.away;
  delete next.dataset.signedOut;
  window.htmx.swap(old, next.outerHTML, { swapStyle: "outerHTML" });
}
