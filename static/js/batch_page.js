// The page of one batch: keeps the title and the list of files up to date with the socket's frames.

const REFRESH_INTERVAL = 2000;
const RETRY_DELAY = 5000;

const summary = () => document.getElementById("summary");
let listedState = summary().dataset.state;
let batchName = "";
let refreshTimer = 0;

function refreshList() {
  clearTimeout(refreshTimer);
  refreshTimer = 0;
  listedState = summary().dataset.state;
  // A pending request would make htmx drop this one.
  window.htmx.trigger("#file-list", "htmx:abort");
  // Refresh only the list, because the user may be typing in the search form above it.
  window.htmx.trigger("#file-list", "refresh");
}

// Refreshes at most every two seconds, and once at the end. A page with only finished files does not change until then.
function refreshListIfChanged() {
  const { dataset } = summary();
  if (dataset.state === listedState) return;
  if ("ended" in dataset) {
    refreshList();
  } else if (!refreshTimer && !("settled" in document.getElementById("file-list").dataset)) {
    refreshTimer = setTimeout(refreshList, REFRESH_INTERVAL);
  }
}

function updateDocumentTitle() {
  // While the batch is being renamed, a form takes the heading's place.
  batchName = document.querySelector("#title h1")?.textContent ?? batchName;
  document.title = `${summary().dataset.percent} · ${batchName} · vuemantics`;
}

function retryList(event) {
  if (event.target.id === "file-list" && !refreshTimer) {
    refreshTimer = setTimeout(refreshList, RETRY_DELAY);
  }
}

const connection = document.getElementById("connection");
let isSocketFrame = false;
let formReplaced = false;

connection.addEventListener("htmx:wsBeforeMessage", () => {
  isSocketFrame = true;
});

connection.addEventListener("htmx:wsAfterMessage", () => {
  isSocketFrame = false;
  updateDocumentTitle();
  refreshListIfChanged();
});

document.addEventListener("htmx:sendError", retryList);
document.addEventListener("htmx:responseError", retryList);

// A frame must not replace the form in which the batch is being renamed, nor the link while it loads that form. When the
// form is done, the focus moves to the link that opened it.
document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
  if (detail.target.id !== "title") return;
  const isForm = detail.target.tagName === "FORM";
  if (isSocketFrame) detail.shouldSwap = !isForm && !detail.target.querySelector(".htmx-request");
  else formReplaced = isForm;
});

document.addEventListener("htmx:afterSettle", () => {
  if (formReplaced) document.getElementById("rename")?.focus();
  formReplaced = false;
});
