// Requests, all of them by XMLHttpRequest: fetch does not tell how much of a body has gone out.

const QUIET = 90000;
const running = new Set();

// Resolves to {status, text, header(name), url}; status 0: the server was not reached, or the request was cut. A
// request of which nothing is heard for 90 s is cut: a phone that changed its network would wait for it forever.
export function exchange(method, url, headers, body = null, onSent = null) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    let watch = 0;
    const heard = () => {
      clearTimeout(watch);
      watch = setTimeout(() => request.abort(), QUIET);
    };
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (event) => {
      heard();
      onSent?.(event.loaded);
    });
    request.addEventListener("loadend", () => {
      clearTimeout(watch);
      running.delete(request);
      resolve({
        status: request.status,
        text: request.responseText,
        url: request.responseURL,
        header: (name) => request.getResponseHeader(name),
      });
    });
    running.add(request);
    heard();
    request.send(body);
  });
}

// Ends all requests at once; each is answered with status 0.
export function cutAll() {
  for (const request of [...running]) request.abort();
}
