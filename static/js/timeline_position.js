// Stores the position in the timeline in the URL and the history, and marks it on the scale of years and months.

const barHeight = () => Math.max(0, document.querySelector(".top").getBoundingClientRect().bottom);

// Puts the first visible picture into the URL, so that reloading the page, or going back to it, shows the same place.
export function savePosition(timeline, pages) {
  const tiles = [...timeline.querySelectorAll(".tile")];
  const tile = tiles.find((one) => one.getBoundingClientRect().bottom > barHeight());
  if (!tile) return;
  const isAtStart = !pages[0].newer && scrollY < innerHeight;
  const { top } = (isAtStart ? tiles[0] : tile).getBoundingClientRect();
  history.replaceState({ top }, "", isAtStart ? location.pathname : `?from=${tile.dataset.cursor}`);
  markScale(tile.closest(".day").dataset.day, pages.find(({ lists }) => lists.includes(tile.parentElement)));
}

export function restorePosition(timeline) {
  history.scrollRestoration = "manual";
  const top = history.state?.top;
  if (top !== undefined) scrollBy(0, timeline.querySelector(".tile").getBoundingClientRect().top - top);
}

// The scale shows the months of one year. Each page contains the scale of the year that the page begins with.
function markScale(day, page) {
  const month = `[data-month="${day.slice(0, 7)}"]`;
  let scale = document.querySelector(".scale");
  if (!scale.querySelector(month)) {
    const fresh = page.scale.cloneNode(true);
    scale.replaceWith(fresh);
    scale = fresh;
  }
  scale.querySelector("[aria-current]")?.removeAttribute("aria-current");
  const link = scale.querySelector(month) ?? scale.querySelector(`[data-year="${day.slice(0, 4)}"]`);
  link?.setAttribute("aria-current", "true");
}
