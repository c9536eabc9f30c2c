// Endless scrolling in the library. The document contains only those pages of the timeline that are near the viewport.
// Other pages are removed, and requested again when they are needed. No space is reserved for them, because browsers
// limit the height of a document. When the content of tiles is added, the event "timeline:added" lists these tiles.

import { justifyEnd } from "./justified_rows.js";
import { restorePosition, savePosition } from "./timeline_position.js";

// Distances in viewport heights: another page is requested when the end of the loaded pages is nearer than LOAD. A
// page is removed when it is farther away than KEEP.
const LOAD = 1;
const KEEP = 1.5;
const PAUSE = 150;
// If many tiles are added together, browsers style the content of all of them, and start loading their images, in one
// task. A page is therefore added with empty tiles, whose size does not depend on their content, and each frame then
// fills a few of them.
const TILES_PER_FRAME = 4;
// The maximum number of animation frames to wait for one in which the page does not scroll.
const FRAMES_TO_WAIT = 12;

const monthOf = (day) => day.dataset.day.slice(0, 7);

const timeline = document.getElementById("timeline");
let pages = timeline ? [readPage(document)] : [];
let isLoading = false;
let pause = 0;
let hasScrolled = false;

function readPage(source) {
  return {
    days: [...source.querySelectorAll("#timeline > .day")],
    lists: [...source.querySelectorAll("#timeline .rows")],
    newer: source.querySelector(".pages [rel=prev]")?.getAttribute("href"),
    older: source.querySelector(".pages [rel=next]")?.getAttribute("href"),
    splitsDay: source.getElementById("timeline")?.hasAttribute("data-splits-day"),
    scale: source.querySelector(".scale"),
  };
}

async function requestPage(url) {
  const response = await fetch(url, { headers: { "HX-Request": "true" } });
  const page = readPage(new DOMParser().parseFromString(await response.text(), "text/html"));
  if (!page.lists.length) throw new Error(`${url} contains no pictures.`);
  return page;
}

const framePainted = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));

// Resolves in an animation frame in which the page has not scrolled, or after FRAMES_TO_WAIT frames. If one frame both
// scrolls and moves the visible pictures in the document, browsers count this as a layout shift, although the pictures
// stay in place. Browsers report scrolling at the beginning of a frame, so the rest of this frame is safe.
async function frameWithoutScroll() {
  for (let frame = 0; frame < FRAMES_TO_WAIT; frame += 1) {
    hasScrolled = false;
    await new Promise(requestAnimationFrame);
    if (!hasScrolled) return;
  }
}

async function extend() {
  if (isLoading) return;
  const { top, bottom } = timeline.getBoundingClientRect();
  const older = bottom < innerHeight * (1 + LOAD) && pages.at(-1).older;
  const newer = top > -innerHeight * LOAD && pages[0].newer;
  if (!older && !newer) return;
  isLoading = true;
  try {
    const page = await requestPage(older || newer);
    const tiles = emptyTiles(page);
    await frameWithoutScroll();
    keepPosition(() => (older ? append(page) : prepend(page)));
    removeDistant();
    await fillTiles(older ? tiles : tiles.reverse());
  } finally {
    isLoading = false;
  }
  requestAnimationFrame(extend);
}

function emptyTiles({ lists }) {
  const tiles = lists.flatMap((list) => [...list.children]).map((tile) => ({ tile, content: [...tile.childNodes] }));
  for (const { tile } of tiles) tile.replaceChildren();
  return tiles;
}

async function fillTiles(tiles) {
  for (let start = 0; start < tiles.length; start += TILES_PER_FRAME) {
    await framePainted();
    const some = tiles.slice(start, start + TILES_PER_FRAME);
    for (const { tile, content } of some) tile.append(...content);
    notify(some.map(({ tile }) => tile));
  }
}

function notify(tiles) {
  timeline.dispatchEvent(new CustomEvent("timeline:added", { bubbles: true, detail: { tiles } }));
}

function append(page) {
  const last = timeline.lastElementChild;
  timeline.append(...page.days);
  join(last, page.days[0], last);
  pages.push(page);
  justify(page);
}

function prepend(page) {
  const first = timeline.firstElementChild;
  timeline.prepend(...page.days);
  join(page.days.at(-1), first, first);
  pages.unshift(page);
  justify(page);
}

function removeDistant() {
  const distant = pages.filter(isDistant);
  pages = pages.filter((page) => !distant.includes(page));
  keepPosition(() => distant.forEach(remove));
  document.body.classList.toggle("has-older", Boolean(pages.at(-1).older));
}

function isDistant({ lists }) {
  const above = -lists.at(-1).getBoundingClientRect().bottom;
  const below = lists[0].getBoundingClientRect().top - innerHeight;
  return Math.max(above, below) > innerHeight * KEEP;
}

function justify({ splitsDay, lists }) {
  if (splitsDay) justifyEnd(lists.at(-1));
}

function remove({ lists }) {
  for (const list of lists) {
    const day = list.closest(".day");
    list.remove();
    if (!day.querySelector(".rows")) day.remove();
  }
}

// Removes the second heading if a month or day begins on one page and continues on the next. If both sections show
// the same day, they are merged into `kept`, whose elements do not move, so that the focus is not lost.
function join(upper, lower, kept) {
  if (monthOf(upper) === monthOf(lower)) lower.querySelector(".month")?.remove();
  if (upper.dataset.day !== lower.dataset.day) return;
  if (kept === upper) {
    upper.append(...lower.querySelectorAll(".rows"));
    lower.remove();
  } else {
    lower.prepend(...upper.querySelectorAll(".month"));
    lower.querySelector("h3").after(...upper.querySelectorAll(".rows"));
    upper.remove();
  }
}

// Keeps the pictures in the viewport in place while pages above them change.
function keepPosition(change) {
  const anchor = [...timeline.querySelectorAll(".rows")].find((list) => list.getBoundingClientRect().bottom > 0);
  const before = anchor.getBoundingClientRect().top;
  change();
  scrollBy(0, anchor.getBoundingClientRect().top - before);
}

function saveNow() {
  clearTimeout(pause);
  pause = 0;
  savePosition(timeline, pages);
}

if (timeline) {
  document.querySelector(".pages").hidden = true;
  justify(pages[0]);
  removeDistant();
  restorePosition(timeline);
  let width = timeline.clientWidth;
  new ResizeObserver(() => {
    if (timeline.clientWidth === width) return;
    pages.forEach(justify);
    width = timeline.clientWidth;
  }).observe(timeline);
  addEventListener("scroll", () => {
    hasScrolled = true;
    requestAnimationFrame(extend);
    clearTimeout(pause);
    pause = setTimeout(saveNow, PAUSE);
  }, { passive: true });
  // A link may be opened before the pause is over.
  addEventListener("click", () => pause && saveNow(), { capture: true });
  extend();
}
