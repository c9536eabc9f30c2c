// While any batch in the admin's list is active, reloads the page in the background and copies the cells that have
// changed. This affects neither selected check boxes nor text that the user is typing.

const REFRESH_INTERVAL = 3000;
const LIVE_FIELDS = ["state", "progress", "files", "total", "successful", "failed", "remaining", "cancelled"];

const progressBars = (page) => [...page.querySelectorAll("#result_list progress[data-batch]")];

function copyCells(page) {
  const newRows = new Map(progressBars(page).map((bar) => [bar.dataset.batch, bar.closest("tr")]));
  for (const bar of progressBars(document)) {
    const newRow = newRows.get(bar.dataset.batch);
    for (const field of newRow ? LIVE_FIELDS : []) {
      const [oldCell, newCell] = [bar.closest("tr"), newRow].map((row) => row.querySelector(`.field-${field}`));
      if (oldCell && newCell && oldCell.innerHTML !== newCell.innerHTML) oldCell.replaceChildren(...newCell.childNodes);
    }
  }
}

async function refresh() {
  if (!document.hidden) {
    try {
      const response = await fetch(window.location.href, { cache: "no-store", redirect: "error" });
      if (response.ok) copyCells(new DOMParser().parseFromString(await response.text(), "text/html"));
    } catch (error) {
      // TypeError: signed out or offline. The next refresh may succeed.
      if (!(error instanceof TypeError)) throw error;
    }
  }
  scheduleRefresh();
}

function scheduleRefresh() {
  if (progressBars(document).some((bar) => "active" in bar.dataset)) setTimeout(refresh, REFRESH_INTERVAL);
}

scheduleRefresh();
