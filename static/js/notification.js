// Shows a browser notification when the batch is done, if the user requested it on this page. The button for this
// appears only in a secure context where notifications are not blocked.

const box = document.getElementById("notification");
const storageKey = `notify-${box.dataset.batch}`;
let done = false;

const summary = () => document.getElementById("summary");
const hasEnded = () => "ended" in summary().dataset;
const isRequested = () => sessionStorage.getItem(storageKey) && Notification.permission === "granted";

// Shows the status text with this id instead of the button, or the button if `id` is "".
function showStatus(id) {
  for (const name of ["notification-on", "notification-off"]) {
    const status = document.getElementById(name);
    status.hidden = name !== id;
    status.textContent = name === id ? status.dataset.text : "";
  }
  document.getElementById("notify-me").hidden = id !== "";
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
  if (!hasEnded() || done) return;
  done = true;
  box.hidden = true;
  if (isRequested()) notify();
  sessionStorage.removeItem(storageKey);
}

if (window.isSecureContext && "Notification" in window && Notification.permission !== "denied" && !hasEnded()) {
  box.hidden = false;
  showStatus(isRequested() ? "notification-on" : "");
  document.getElementById("notify-me").addEventListener("click", requestPermission);
  const observer = new MutationObserver(notifyAtEnd);
  observer.observe(document.getElementById("live"), { childList: true, subtree: true, attributes: true });
}
