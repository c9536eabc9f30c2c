// While files are being uploaded, shows how far the batch is processed: the summary from its page, sent by its socket.

let container = null;

// Frames contain all parts of the batch's page; this page shows two of them. The server waits for an
// acknowledgement before it sends the next frame.
function showFrame(event) {
  event.preventDefault();
  const frame = new DOMParser().parseFromString(event.detail.message, "text/html");
  const summary = frame.getElementById("summary");
  if (summary) container.replaceChildren(summary);
  const running = frame.getElementById("running");
  if (running) document.getElementById("running").replaceWith(running);
  event.detail.socketWrapper.send("seen");
}

// Replaces the page's socket for all batches (base.html) by the socket of this batch.
export function showLiveSummary(batchId) {
  if (!window.htmx) return;
  container = document.getElementById("live");
  document.addEventListener("htmx:wsBeforeMessage", showFrame);
  const socket = document.getElementById("connection");
  const replacement = socket.cloneNode();
  replacement.setAttribute("ws-connect", `/ws/batches/${batchId}/`);
  replacement.hidden = true;
  // The upload shows its own message when the connection is lost.
  delete replacement.dataset.connectionLost;
  delete replacement.dataset.signedOut;
  window.htmx.swap(socket, replacement.outerHTML, { swapStyle: "outerHTML" });
}
