// What becomes of the files, while more are still being sent: the summary of the batch's own page, by its socket.

export function watch(batchId, place) {
  if (!window.htmx) return;
  place.setAttribute("hx-ext", "ws");
  place.setAttribute("ws-connect", `/ws/batches/${batchId}/`);
  place.replaceChildren(Object.assign(document.createElement("section"), { id: "summary" }));
  // Each frame is answered: the server sends the next only then.
  place.addEventListener("htmx:wsAfterMessage", ({ detail }) => detail.socketWrapper.send("seen"));
  window.htmx.process(place);
}
