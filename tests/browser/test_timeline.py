"""Scrolling through the library, going back to the same position, and paging without scripts."""

from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.support.batches import digest
from uploads.models import MediaKind, Upload

PICTURES = 420
NOON = datetime(2026, 6, 18, 12, tzinfo=UTC)
SHIFTS = """window.shift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });"""
# Count the unfinished requests for more pictures in `window.loading`. A request counts as finished two frames after its
# pictures are in the document.
LOADING = """(() => {
  if ("loading" in window) return;
  window.loading = 0;
  let isAwaited = false;
  const fetch = window.fetch;
  window.fetch = (...request) => {
    isAwaited = true;
    window.loading += 1;
    return fetch(...request);
  };
  new MutationObserver(() => {
    if (!isAwaited) return;
    isAwaited = false;
    requestAnimationFrame(() => requestAnimationFrame(() => { window.loading -= 1; }));
  }).observe(document.getElementById("timeline"), { childList: true, subtree: true });
})()"""
# When more pictures have arrived, send a scroll event in each of the next six frames. `window.early` counts the
# changes of the timeline during these frames, except those within tiles.
SCROLL_ON = """(() => {
  const fetch = window.fetch;
  let frames = 0;
  window.early = 0;
  window.fetch = async (...request) => {
    const text = await (await fetch(...request)).text();
    frames = 6;
    requestAnimationFrame(function scroll() {
      frames -= 1;
      window.dispatchEvent(new Event("scroll"));
      if (frames) requestAnimationFrame(scroll);
    });
    return { text: () => text };
  };
  new MutationObserver((changes) => {
    if (frames && changes.some(({ target }) => !target.matches(".tile"))) window.early += 1;
  }).observe(document.getElementById("timeline"), { childList: true, subtree: true });
})()"""
# For each list of pictures that is directly followed by another list, the gap in pixels between its last picture and
# its right edge.
GAPS = """[...document.querySelectorAll(".rows:has(+ .rows)")].map((list) =>
  Math.round(list.getBoundingClientRect().right - list.lastElementChild.getBoundingClientRect().right))"""
NUMBERS = """[...document.querySelectorAll(".tile input")]
    .map((box) => Number(box.getAttribute("aria-label").split(" ").at(-1)))"""
FIRST_VISIBLE = """(() => {
  const bar = document.querySelector(".top").getBoundingClientRect().bottom;
  const tile = [...document.querySelectorAll(".tile")].find((one) => one.getBoundingClientRect().bottom > bar);
  return { cursor: tile.dataset.cursor, top: tile.getBoundingClientRect().top };
})()"""


def add_one_day(owner: User) -> None:
    """Add pictures with different aspect ratios, all taken on one day."""
    Upload.objects.bulk_create(
        Upload(
            owner=owner,
            sha256=digest(number),
            filename=f"{number:03}",
            size=1,
            kind=MediaKind.IMAGE,
            width=(3000, 4000, 2250)[number * 7 % 5 % 3],
            height=3000,
            taken_at=NOON - timedelta(seconds=number),
            processed_at=timezone.now(),
        )
        for number in range(PICTURES)
    )


def scroll_to(page: Page, number: int) -> None:
    """Scroll towards picture `number` until the document contains it.

    Do not scroll while pictures are loading, because timeline.js waits only a few frames for scrolling to pause.
    """
    page.evaluate(LOADING)
    page.wait_for_function(
        f"""(number) => {{
          const numbers = {NUMBERS};
          if (numbers.includes(number)) return true;
          if (window.loading) return false;
          window.scrollBy(0, numbers[0] < number ? 700 : -700);
          return false;
        }}""",
        arg=number,
        polling=50,
    )


def test_pages_follow_each_other_without_shifts_gaps_or_growth(open_page: OpenPage, owner: User) -> None:
    add_one_day(owner)
    page = open_page("/library/", viewport={"width": 1280, "height": 800})
    page.evaluate(SHIFTS)

    for number in (PICTURES - 1, 0):
        scroll_to(page, number)
        numbers = page.evaluate(NUMBERS)
        assert numbers == sorted(set(numbers))
        assert len(numbers) <= 320
        assert set(page.evaluate(GAPS)) <= {0}
        expect(page.locator(".day > h3")).to_have_count(1)
        expect(page.locator(".tile:not(:has(a[tabindex]))")).to_have_count(0)
    assert page.evaluate("window.shift") == 0


def test_pages_are_added_in_a_frame_without_scrolling(open_page: OpenPage, owner: User) -> None:
    add_one_day(owner)
    page = open_page("/library/", viewport={"width": 1280, "height": 800})
    page.evaluate(SCROLL_ON)

    scroll_to(page, 250)

    assert page.evaluate("window.early") == 0


def test_going_back_shows_the_same_pictures(open_page: OpenPage, owner: User) -> None:
    add_one_day(owner)
    page = open_page("/library/", viewport={"width": 1280, "height": 800})
    scroll_to(page, 250)
    # Leave as soon as the browser has reported the scrolling, but only after returning the position.
    before = page.get_by_role("checkbox", name="Select 250").evaluate(
        f"""async (box, link) => {{
          box.scrollIntoView();
          for (const _ of [1, 2]) await new Promise(requestAnimationFrame);
          setTimeout(() => link.click());
          return {FIRST_VISIBLE};
        }}""",
        page.get_by_role("link", name="Trash").element_handle(),
    )
    page.wait_for_url("**/trash/")
    page.go_back()

    page.wait_for_function(
        f"""(before) => {{
          const now = {FIRST_VISIBLE};
          return now.cursor === before.cursor && Math.abs(now.top - before.top) < 2;
        }}""",
        arg=before,
    )


def test_library_has_a_pager_without_scripts(open_page: OpenPage, owner: User) -> None:
    add_one_day(owner)
    page = open_page("/library/", java_script_enabled=False)

    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("checkbox", name="Select 060")).to_be_attached()
    page.get_by_role("link", name="Previous").click()
    expect(page.get_by_role("checkbox", name="Select 000")).to_be_attached()
    page.get_by_role("link", name="Jun", exact=True).click()

    expect(page.get_by_role("heading", name="June 2026")).to_be_visible()
