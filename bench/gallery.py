"""Measure how fast the library loads with 100, 100,000 and 1,000,000 pictures, and with 100,000 in a single month.

Run it with `make bench ARGS=gallery`, or `python -m bench.gallery 0.01` for a hundredth of the pictures. The rows are
generated, and all pictures share a few stored previews. The bench measures the median times to the first and to the
last byte, for the newest page and for one in the middle. Then Chromium scrolls through the library with a single month.
The last line of the output is one JSON object; `ttfb_ratio` compares 1,000,000 pictures with 100.
"""

import http.client
import json
import sys
import time
from statistics import median
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from bench.browser import chromium
from bench.stack import stack

if TYPE_CHECKING:  # these modules import models, so Django must be set up first
    from bench.gallery_scroll import Scrolling
    from bench.site import Site

LIBRARIES = {"100": (100, 365), "100,000": (100_000, 3650), "1,000,000": (1_000_000, 7300), "month": (100_000, 30)}
"""For each owner: the number of pictures, and the number of days during which they were taken."""

ROUNDS, WARM_UP_ROUNDS = 40, 5


def main() -> None:
    scale = float(sys.argv[1]) if len(sys.argv) > 1 else 1
    with stack():
        from bench import gallery_data as data  # noqa: PLC0415 (Django must be set up first)
        from bench.gallery_scroll import scroll  # noqa: PLC0415
        from bench.site import session_of, site  # noqa: PLC0415

        console, started = Console(), time.perf_counter()
        for owner, (pictures, days) in LIBRARIES.items():
            data.fill(owner, max(100, round(pictures * scale)), days)
        data.finish()
        console.print(f"Inserted the pictures in {time.perf_counter() - started:.0f} s.")
        with site() as served:
            sessions = {owner: session_of(owner) for owner in LIBRARIES}
            times = measure(served, sessions, newest_at=data.LAST_MOMENT.timestamp())
            with chromium() as browser:
                scrolled = scroll(browser, served, sessions["month"])
    report(console, times, scrolled)


def measure(site: "Site", sessions: dict[str, str], newest_at: float) -> dict[tuple[str, str], tuple[float, float]]:
    """Return the median times in ms to the first and to the last byte, for each owner's newest page and middle page.

    `newest_at` is the time of the newest pictures in seconds since 1970. The pages are requested in turn, so that other
    load on the machine affects all of them equally.
    """
    connection = http.client.HTTPConnection("127.0.0.1", site.port)
    pages = {
        (owner, place): "/library/" + (f"?from={round((newest_at - days * 43_200) * 1_000_000)}.0" if place else "")
        for owner, (_, days) in LIBRARIES.items()
        for place in ("", "middle")
    }
    times: dict[tuple[str, str], list[tuple[float, float]]] = {page: [] for page in pages}
    for _ in range(WARM_UP_ROUNDS + ROUNDS):
        for page, path in pages.items():
            times[page].append(_request(connection, path, sessions[page[0]]))
    connection.close()
    return {
        page: (median(first for first, _ in found), median(last for _, last in found))
        for page, found in ((page, found[WARM_UP_ROUNDS:]) for page, found in times.items())
    }


def _request(connection: http.client.HTTPConnection, path: str, session: str) -> tuple[float, float]:
    start = time.perf_counter()
    connection.request("GET", path, headers={"Cookie": f"sessionid={session}"})
    response = connection.getresponse()
    first = time.perf_counter()
    body = response.read()
    if response.status != 200 or b'class="tile' not in body:
        raise SystemExit(f"{path} returned status {response.status} or no pictures.")
    return (first - start) * 1000, (time.perf_counter() - start) * 1000


def report(console: Console, times: dict[tuple[str, str], tuple[float, float]], scrolled: "Scrolling") -> None:
    table = Table("pictures", "page", "first byte, ms", "all, ms", title="Library")
    for (owner, place), (first, last) in times.items():
        table.add_row(owner, place or "newest", f"{first:.1f}", f"{last:.1f}")
    console.print(table)
    console.print(
        f"Scrolled past {scrolled.pictures:,} pictures; 95 % of frames within {scrolled.frame_p95_ms:.0f} ms."
    )
    largest = max(times["1,000,000", place][0] for place in ("", "middle"))
    figures = {
        "ttfb_100_ms": round(times["100", ""][0], 1),
        "ttfb_100k_ms": round(times["100,000", ""][0], 1),
        "ttfb_1m_ms": round(largest, 1),
        "ttfb_ratio": round(largest / times["100", ""][0], 2),
        "page_1m_ms": round(times["1,000,000", ""][1], 1),
        "longest_task_ms": round(scrolled.longest_task_ms, 1),
        "longest_task_cpu_ms": round(scrolled.longest_task_cpu_ms, 1),
        "frame_p95_ms": round(scrolled.frame_p95_ms, 1),
        "dom_nodes": scrolled.dom_nodes,
        "cls": round(scrolled.cls, 4),
    }
    print(json.dumps({"bench": "gallery", **figures}))


if __name__ == "__main__":
    main()
