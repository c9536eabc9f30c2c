// The batch page: title and list of files keep in step with the socket's frames.

const LIST_PAUSE = 2000;
const RETRY_PAUSE = 5000;

const summary = () => document.getElementById("summary");
let shownState = summary().dataset.state;
let shownName = "";
let listTimer = 0;

function refreshList() {
  clearTimeout(listTimer);
  listTimer = 0;
  shownState = summary().dataset.state;
  // An older answer still on its way would swap the list, and htmx drop what waits behind it. The search above it stays:
  // somebody may be writing there.
  window.htmx.trigger("#file-list", "htmx:abort");
  window.htmx.trigger("#file-list", "refresh");
}

// The list follows at most every two seconds, and once more at the end; a page of finished files stays as it is.
function followList() {
  const { dataset } = summary();
  if (dataset.state === shownState) return;
  if ("ended" in dataset) {
    refreshList();
  } else if (!listTimer && !("settled" in document.getElementById("file-list").dataset)) {
    listTimer = setTimeout(refreshList, LIST_PAUSE);
  }
}

// While the name is being changed, its form is in the heading's place.
function tellTitle() {
  shownName = document.querySelector("#title h1")?.textContent ?? shownName;
  document.title = `${summary().dataset.percent} % · ${shownName} · vuemantics`;
}

function retryList(event) {
  if (event.target.id === "file-list" && !listTimer) {
    listTimer = setTimeout(refreshList, RETRY_PAUSE);
  }
}

const connection = document.getElementById("connection");
let isFrame = false;
let wasNaming = false;

connection.addEventListener("htmx:wsBeforeMessage", () => {
  isFrame = true;
});

connection.addEventListener("htmx:wsAfterMessage", () => {
  isFrame = false;
  tellTitle();
  followList();
});

document.addEventListener("htmx:sendError", retryList);
document.addEventListener("htmx:responseError", retryList);

// A form in the title's place is not taken from who writes in it; when it goes, its focus must go somewhere.
document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
  if (detail.target.id !== "title" || detail.target.tagName !== "FORM") return;
  if (isFrame) detail.shouldSwap = false;
  else wasNaming = true;
});

document.addEventListener("htmx:afterSettle", () => {
  if (wasNaming) document.getElementById("rename")?.focus();
  wasNaming = false;
});
