// The data that a page passes to the upload scripts: URLs, limits, and the import to continue.

const { dataset } = document.getElementById("upload");

export const page = {
  account: dataset.account,
  urls: {
    page: dataset.page,
    open: dataset.open,
    unfinished: dataset.unfinished,
    sizes: dataset.sizes,
    tus: dataset.tus,
    check: dataset.check,
  },
  maxChunk: Number(dataset.chunk),
  // The number of bytes that the server can store, or null if it has no limit.
  free: dataset.free ? Number(dataset.free) : null,
  batch: dataset.batchId ? { id: Number(dataset.batchId), name: dataset.batchName, url: dataset.batchUrl } : null,
  // Leaving would hide the notice that files were not accepted.
  mayLeave: () => document.getElementById("busy-notice").hidden,
};
