// Runs on the list of batches and on batch pages. When the socket reports a change, the page's list reloads, but at
// most once every two seconds.

const REFRESH_INTERVAL = 2000;
const RETRY_DELAY = 5000;

const percent = new Intl.NumberFormat(document.documentElement.lang, { style: "percent" });
const byId = (id) => document.getElementById(id);
const summary = () => byId("summary");
const connection = byId("connection");
let refreshTimer = 0;

// The list of batches. It is reloaded only while the page is visible, because loading it marks all batches as seen.
function refreshBatchesIfChanged() {
  refreshTimer = 0;
  if (byId("batches").dataset.state === byId("running").dataset.state || document.hidden) return;
  window.htmx.trigger("#batches", "refresh");
  // Check again, in case this response is lost or late.
  scheduleBatchesRefresh();
}

function scheduleBatchesRefresh() {
  refreshTimer ||= setTimeout(refreshBatchesIfChanged, REFRESH_INTERVAL);
}

function startListPage() {
  connection.addEventListener("htmx:wsAfterMessage", scheduleBatchesRefresh);
  document.addEventListener("visibilitychange", scheduleBatchesRefresh);
}

// A batch page: its title and its list of files.
let listedState = "";
let batchName = "";

function refreshFiles() {
  clearTimeout(refreshTimer);
  refreshTimer = 0;
  listedState = summary().dataset.state;
  // A pending request would make htmx drop this one.
  window.htmx.trigger("#file-list", "htmx:abort");
  // Refresh only the list, because the user may be typing in the search form above it.
  window.htmx.trigger("#file-list", "refresh");
}

// Refreshes the list at most once every two seconds, but not if all its files are finished and others follow on the
// next page. When the batch ends, always refreshes it.
function refreshFilesIfChanged() {
  const { dataset } = summary();
  if (dataset.state === listedState) return;
  if ("ended" in dataset) {
    refreshFiles();
  } else if (!refreshTimer && !("settled" in byId("file-list").dataset)) {
    refreshTimer = setTimeout(refreshFiles, REFRESH_INTERVAL);
  }
}

function retryFiles({ target }) {
  if (target.id === "file-list") refreshTimer ||= setTimeout(refreshFiles, RETRY_DELAY);
}

function updateDocumentTitle() {
  // While the batch is being renamed, a form replaces the heading.
  batchName = document.querySelector("#title h1")?.textContent ?? batchName;
  const { value, max } = summary().querySelector("progress");
  document.title = `${percent.format(Math.floor((100 * value) / max) / 100)} · ${batchName} · vuemantics`;
}

// A live update must not replace the form for renaming the batch, nor the link to the form while the form is loading.
// After the form is closed, the focus moves to that link.
let isSocketFrame = false;
let formReplaced = false;

function protectRenameForm({ detail }) {
  if (detail.target.id !== "title") return;
  const isForm = detail.target.tagName === "FORM";
  if (isSocketFrame) detail.shouldSwap &&= !isForm && !detail.target.querySelector(".htmx-request");
  else formReplaced = isForm;
}

function focusRenameLink() {
  if (formReplaced) byId("rename")?.focus();
  formReplaced = false;
}

function startBatchPage() {
  listedState = summary().dataset.state;
  connection.addEventListener("htmx:wsBeforeMessage", () => {
    isSocketFrame = true;
  });
  connection.addEventListener("htmx:wsAfterMessage", () => {
    isSocketFrame = false;
    updateDocumentTitle();
    refreshFilesIfChanged();
  });
  for (const failure of ["htmx:sendError", "htmx:responseError"]) document.addEventListener(failure, retryFiles);
  document.addEventListener("htmx:oobBeforeSwap", protectRenameForm);
  document.addEventListener("htmx:afterSettle", focusRenameLink);
}

// A browser notification when the batch is done, if the user requested it on this page. The button for this appears
// only in a secure context where notifications are not blocked.
const box = byId("notification");
const storageKey = `notify-${box?.dataset.batch}`;
let notified = false;

const hasEnded = () => "ended" in summary().dataset;
const isRequested = () => sessionStorage.getItem(storageKey) && Notification.permission === "granted";

// Shows the status text with this id instead of the button, or the button if `id` is "".
function showStatus(id) {
  for (const name of ["notification-on", "notification-off"]) {
    const status = byId(name);
    status.hidden = name !== id;
    status.textContent = name === id ? status.dataset.text : "";
  }
  byId("notify-me").hidden = id !== "";
}

async function requestPermission() {
  const permission = await Notification.requestPermission();
  if (permission === "granted") {
    sessionStorage.setItem(storageKey, "requested");
    showStatus("notification-on");
  } else if (permission === "denied") {
    showStatus("notification-off");
  }
}

function notify() {
  const isCancelled = summary().dataset.state.startsWith("cancelled");
  const title = isCancelled ? box.dataset.cancelled : box.dataset.done;
  const facts = [...summary().querySelectorAll(".facts li")].map((fact) => fact.textContent.trim());
  const options = { body: facts.join(", "), tag: storageKey, icon: box.dataset.icon };
  try {
    new Notification(title, options).addEventListener("click", () => window.focus());
  } catch (error) {
    // Chrome on Android allows notifications only from a service worker.
    if (!(error instanceof TypeError)) throw error;
  }
}

function notifyAtEnd() {
  if (!hasEnded() || notified) return;
  notified = true;
  box.hidden = true;
  if (isRequested()) notify();
  sessionStorage.removeItem(storageKey);
}

function offerNotification() {
  if (!window.isSecureContext || !("Notification" in window) || Notification.permission === "denied") return;
  box.hidden = false;
  showStatus(isRequested() ? "notification-on" : "");
  byId("notify-me").addEventListener("click", requestPermission);
  const observer = new MutationObserver(notifyAtEnd);
  observer.observe(byId("live"), { childList: true, subtree: true, attributes: true });
}

if (byId("batches")) startListPage();
else startBatchPage();
if (box && !hasEnded()) offerNotification();
