// The list of batches: loads it again when the socket reports a change, at most every two seconds and only while the
// page is visible, because batches that are shown count as seen.

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
