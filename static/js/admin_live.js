// Keeps the rows of an admin list of batches in step while any of them is at work: the page is asked for again and its
// cells are taken over. Boxes that are ticked and what is being typed stay as they are.

const PAUSE = 3000;
const LIVE = ["state", "progress", "files", "total", "successful", "failed", "remaining", "cancelled"];

const bars = (page) => [...page.querySelectorAll("#result_list progress[data-batch]")];

function takeOver(page) {
  const fresh = new Map(bars(page).map((bar) => [bar.dataset.batch, bar.closest("tr")]));
  for (const bar of bars(document)) {
    const row = bar.closest("tr");
    const other = fresh.get(bar.dataset.batch);
    for (const name of other ? LIVE : []) {
      const [old, now] = [row, other].map((each) => each.querySelector(`.field-${name}`));
      if (old && now && old.innerHTML !== now.innerHTML) old.replaceChildren(...now.childNodes);
    }
  }
}

async function look() {
  if (!document.hidden) {
    try {
      const answer = await fetch(window.location.href, { cache: "no-store", redirect: "error" });
      if (answer.ok) takeOver(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch (error) {
      // Signed out or offline: what is shown stays, and the next look may go well.
      if (!(error instanceof TypeError)) throw error;
    }
  }
  next();
}

function next() {
  if (bars(document).some((bar) => "active" in bar.dataset)) setTimeout(look, PAUSE);
}

next();
