// Scripts for the admin that keep the list of batches and the engine page current, and label the owner filter.

const LIST_INTERVAL = 3000;
const COUNTS = ["total", "successful", "failed", "remaining", "cancelled", "missing"];
const LIVE_FIELDS = ["state", "progress", "files", ...COUNTS];

// The page's current HTML from the server, or null if it cannot be loaded, for example after the user has signed out.
async function fetchPage() {
  try {
    const response = await fetch(window.location.href, { cache: "no-store", redirect: "error" });
    return response.ok ? new DOMParser().parseFromString(await response.text(), "text/html") : null;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return null;
  }
}

const progressBars = (page) => [...page.querySelectorAll("#result_list progress[data-batch]")];

// Updates only the cells that have changed, so that selected check boxes stay as they are.
function copyCells(page) {
  const newRows = new Map(progressBars(page).map((bar) => [bar.dataset.batch, bar.closest("tr")]));
  for (const bar of progressBars(document)) {
    const [oldRow, newRow] = [bar.closest("tr"), newRows.get(bar.dataset.batch)];
    for (const field of newRow ? LIVE_FIELDS : []) {
      const [oldCell, newCell] = [oldRow, newRow].map((row) => row.querySelector(`.field-${field}`));
      if (oldCell && newCell && oldCell.innerHTML !== newCell.innerHTML) oldCell.replaceChildren(...newCell.childNodes);
    }
  }
}

async function refreshList() {
  const page = document.hidden ? null : await fetchPage();
  if (page) copyCells(page);
  scheduleListRefresh();
}

function scheduleListRefresh() {
  if (progressBars(document).some((bar) => "active" in bar.dataset)) setTimeout(refreshList, LIST_INTERVAL);
}

scheduleListRefresh();

// The engine page: replaces its whole content but keeps the scroll position.
const engine = document.querySelector("[data-refresh-seconds]");

async function refreshContent() {
  const content = document.hidden ? null : (await fetchPage())?.getElementById("content-main");
  if (content) document.getElementById("content-main").replaceWith(content);
}

if (engine) setInterval(refreshContent, engine.dataset.refreshSeconds * 1000);

// Labels the owner filter for screen readers: select2 does not label the element that it creates. Uses jQuery's
// ready(), so that this runs after the ready() callback in which select2 creates the element.
globalThis.django?.jQuery(() => {
  for (const field of document.querySelectorAll(".owner-filter .select2-selection__rendered")) {
    field.setAttribute("aria-label", field.closest(".owner-filter").querySelector("label").textContent);
  }
});
