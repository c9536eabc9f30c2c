// Reloads the list of batches when the socket reports a change, but at most every two seconds. Reloads only while the
// page is visible, because batches in the list count as seen.

const REFRESH_INTERVAL = 2000;

let refreshTimer = 0;

function refreshIfChanged() {
  refreshTimer = 0;
  const listed = document.getElementById("batches").dataset.state;
  const current = document.getElementById("running").dataset.state;
  if (listed !== current && document.visibilityState === "visible") {
    window.htmx.trigger("#batches", "refresh");
    // Check again in case this response is lost or late.
    scheduleRefresh();
  }
}

function scheduleRefresh() {
  refreshTimer ||= setTimeout(refreshIfChanged, REFRESH_INTERVAL);
}

document.getElementById("connection").addEventListener("htmx:wsAfterMessage", scheduleRefresh);
document.addEventListener("visibilitychange", scheduleRefresh);
