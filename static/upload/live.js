// What becomes of the files, while more are still being sent: the summary of the batch's own page, by its socket, and the
// sign at the top of every page.

export function watch(batchId, place) {
  if (!window.htmx) return;
  place.setAttribute("hx-ext", "ws");
  place.setAttribute("ws-connect", `/ws/batches/${batchId}/`);
  // A frame holds all that the batch's page shows; here is room for its summary alone. Each frame is answered: the
  // server sends the next only then.
  place.addEventListener("htmx:wsBeforeMessage", (event) => {
    event.preventDefault();
    const frame = new DOMParser().parseFromString(event.detail.message, "text/html");
    const summary = frame.getElementById("summary");
    if (summary) place.replaceChildren(summary);
    const running = frame.getElementById("running");
    if (running) document.getElementById("running").replaceWith(running);
    event.detail.socketWrapper.send("seen");
  });
  window.htmx.process(place);
}
