"""Scroll through a library in Chromium, and measure long tasks, frame times, layout shifts and the document's size."""

import json
from dataclasses import dataclass
from statistics import quantiles
from typing import Any

from playwright.sync_api import Browser, Page

from bench.site import Site

WHEEL, WHEEL_EVENTS, PAUSE_MS = 600, 150, 50
SETTLE_MS = 3000
OBSERVE = """
window.shift = 0; window.nodes = 0; window.frames = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
let last = performance.now();
requestAnimationFrame(function frame(now) {
  window.frames.push(now - last);
  last = now;
  window.nodes = Math.max(window.nodes, document.getElementsByTagName("*").length);
  requestAnimationFrame(frame);
});
"""


@dataclass(frozen=True, slots=True)
class Scrolling:
    """Measurements of scrolling: longest main-thread task, 95th percentile of frame times, and layout shift (`cls`).

    `longest_task_cpu_ms` is the most CPU time that one task used: unlike the duration of the longest task, it hardly
    depends on other load on the machine. `dom_nodes` is the largest number of elements in the document. `pictures` is
    about the number of pictures that were scrolled past.
    """

    longest_task_ms: float
    longest_task_cpu_ms: float
    frame_p95_ms: float
    dom_nodes: int
    cls: float
    pictures: int


def scroll(browser: Browser, site: Site, session: str) -> Scrolling:
    """Scroll far down in the library, then halfway back up."""
    context = browser.new_context(base_url=site.address, viewport={"width": 1280, "height": 800})
    context.add_cookies([{"name": "sessionid", "value": session, "url": site.address}])
    page = context.new_page()
    page.goto("/library/")
    page.wait_for_timeout(SETTLE_MS)
    page.evaluate(OBSERVE)
    browser.start_tracing(page=page, categories=["toplevel", "__metadata"])
    page.mouse.move(600, 400)
    _turn_wheel(page, WHEEL, WHEEL_EVENTS)
    passed = _first_number(page)
    _turn_wheel(page, -WHEEL, WHEEL_EVENTS // 2)
    trace = json.loads(browser.stop_tracing())
    found = page.evaluate("({ shift, nodes, frames })")
    context.close()
    return Scrolling(
        longest_task_ms=_longest_task(trace["traceEvents"], "dur"),
        longest_task_cpu_ms=_longest_task(trace["traceEvents"], "tdur"),
        frame_p95_ms=quantiles(found["frames"], n=20)[-1],
        dom_nodes=found["nodes"],
        cls=found["shift"],
        pictures=passed,
    )


def _turn_wheel(page: Page, distance: int, events: int) -> None:
    for _ in range(events):
        page.mouse.wheel(0, distance)
        page.wait_for_timeout(PAUSE_MS)


def _first_number(page: Page) -> int:
    """Return the number in the file name of the first picture in the document."""
    label = page.locator(".tile input").first.get_attribute("aria-label") or ""
    return int("".join(filter(str.isdigit, label)))


def _longest_task(events: list[dict[str, Any]], duration: str) -> float:
    """Return the duration of the longest main-thread task in ms. `duration` is the event field that contains it."""
    mains = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    tasks = (event for event in events if event["name"] == "ThreadControllerImpl::RunTask")
    return max(float(event.get(duration, 0)) / 1000 for event in tasks if (event["pid"], event["tid"]) in mains)
