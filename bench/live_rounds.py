"""The measurements for bench.progress. Import this module only after bench.stack has set up Django."""

import json
import os
import subprocess
import sys
import time
from bisect import bisect_left
from dataclasses import dataclass

from django.db import connection
from playwright.sync_api import sync_playwright

from bench import rows, steady
from bench.site import Site, first_bytes_ms
from bench.stack import ROOT, cpu_seconds

FILES = 2_000
SIZES = (100, 100_000)
ROUNDS = 40
# Wait this long before reading statistics, because an idle PostgreSQL backend may report them ten seconds late.
FLUSH_SECONDS = 11.5
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
# JavaScript that records each count shown on the page, with the time.
OBSERVE = """() => {
  window.shown = [];
  const look = () => {
    const count = document.getElementById("count");
    if (count) shown.push([Date.now() / 1000, Number(count.textContent.replace(/[^0-9]/g, ""))]);
  };
  new MutationObserver(look).observe(document.body, {childList: true, subtree: true, characterData: true});
}"""


@dataclass(frozen=True, slots=True)
class ViewerCost:
    """The cost of showing one batch to `viewers` viewers.

    `frames` and `size` (in bytes) are the most that any one viewer received. `reads` is the number of database
    transactions, including those that finish the files. `cpu` is the web server's CPU time in seconds.
    """

    viewers: int
    frames: int
    size: int
    reads: int
    cpu: float


def browser_delays(site: Site, session: str) -> list[float]:
    """Return, for each file, the milliseconds from finishing it until an open page showed a count that includes it."""
    batch_id = rows.fill(FILES)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context()
        context.add_cookies([{"name": "sessionid", "value": session, "url": site.address}])
        page = context.new_page()
        with page.expect_websocket():
            page.goto(f"{site.address}/batches/{batch_id}/")
        page.evaluate(OBSERVE)
        # This call uses another thread. Playwright runs an event loop in this one, so Django refuses queries here.
        steady.run_to_completion(batch_id)
        page.wait_for_selector("#summary[data-ended]", state="attached", timeout=30_000)
        shown = page.evaluate("shown")
        browser.close()
    times, counts = [when for when, _ in shown], [count for _, count in shown]
    finished = steady.finished_at(batch_id)
    return [(times[bisect_left(counts, number)] - when) * 1000 for number, when in enumerate(finished, 1)]


def measure_viewers(viewers: int, site: Site, session: str) -> ViewerCost:
    """Finish a batch while `viewers` viewers receive its live updates; return the cost."""
    batch_id = rows.fill(FILES)
    viewer_process = _start_viewers(viewers, batch_id, site, session) if viewers else None
    time.sleep(FLUSH_SECONDS)
    reads, cpu = _reads(), cpu_seconds(site.pid)
    steady.run_to_completion(batch_id)
    seen: list[list[int]] = [[0, 0]]
    if viewer_process is not None and viewer_process.stdout is not None:
        seen = json.loads(viewer_process.stdout.readline())
        viewer_process.wait(20)
    cpu = cpu_seconds(site.pid) - cpu
    time.sleep(FLUSH_SECONDS)
    most = [max(column) for column in zip(*seen, strict=True)]
    return ViewerCost(viewers, most[0], most[1], _reads() - reads, cpu)


def _start_viewers(viewers: int, batch_id: int, site: Site, session: str) -> "subprocess.Popen[str]":
    arguments = [str(argument) for argument in (site.port, session, batch_id, viewers)]
    command = [sys.executable, "-m", "bench.viewers", *arguments]
    viewer_process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if viewer_process.stdout is None or viewer_process.stdout.readline().strip() != "ready":
        raise SystemExit("Not all viewers got their first frame.")
    return viewer_process


def _reads() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def first_bytes(site: Site, session: str) -> list[float]:
    """Return, for each of SIZES, the median ms to the first byte of a half-processed batch's page."""
    batches = [steady.half_done(size, "bench") for size in SIZES]
    return first_bytes_ms(site, session, [f"/batches/{batch_id}/" for batch_id in batches], ROUNDS)
