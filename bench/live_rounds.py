"""The rounds of the bench of live pages. Imported once the stack of bench.stack is there."""

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
# An idle backend tells the statistics within ten seconds what it did.
FLUSH_SECONDS = 11.5
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
# Each number that the page shows, with the time.
OBSERVE = """() => {
  window.shown = [];
  const look = () => {
    const count = document.getElementById("count");
    if (count) shown.push([Date.now() / 1000, Number(count.textContent.replace(/[^0-9]/g, ""))]);
  };
  new MutationObserver(look).observe(document.body, {childList: true, subtree: true, characterData: true});
}"""


@dataclass(frozen=True, slots=True)
class Watched:
    """One batch with so many viewers: frames and bytes of the one that got most, and what all cost together.

    `reads` are transactions of the database, the writer's among them; `cpu` is the server's processor time in s.
    """

    viewers: int
    frames: int
    size: int
    reads: int
    cpu: float


def in_browser(site: Site, session: str) -> list[float]:
    """Return, for each file, the milliseconds from its commit until an open page showed its number or a higher one."""
    batch_id = rows.fill(FILES)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context()
        context.add_cookies([{"name": "sessionid", "value": session, "url": site.address}])
        page = context.new_page()
        with page.expect_websocket():
            page.goto(f"{site.address}/batches/{batch_id}/")
        page.evaluate(OBSERVE)
        # On a thread of its own: in this one Playwright's loop runs, where Django fears for its connections.
        steady.run_to_completion(batch_id)
        page.wait_for_selector("#summary[data-ended]", timeout=30_000)
        shown = page.evaluate("shown")
        browser.close()
    times, counts = [when for when, _ in shown], [count for _, count in shown]
    finished = steady.finished_at(batch_id)
    return [(times[bisect_left(counts, number)] - when) * 1000 for number, when in enumerate(finished, 1)]


def watched_by(viewers: int, site: Site, session: str) -> Watched:
    """Let a batch be finished while so many watch it."""
    batch_id = rows.fill(FILES)
    crowd = _crowd(viewers, batch_id, site, session) if viewers else None
    time.sleep(FLUSH_SECONDS)
    reads, cpu = _reads(), cpu_seconds(site.pid)
    steady.run_to_completion(batch_id)
    seen: list[list[int]] = [[0, 0]]
    if crowd is not None and crowd.stdout is not None:
        seen = json.loads(crowd.stdout.readline())
        crowd.wait(20)
    cpu = cpu_seconds(site.pid) - cpu
    time.sleep(FLUSH_SECONDS)
    most = [max(column) for column in zip(*seen, strict=True)]
    return Watched(viewers, most[0], most[1], _reads() - reads, cpu)


def _crowd(viewers: int, batch_id: int, site: Site, session: str) -> "subprocess.Popen[str]":
    arguments = [str(argument) for argument in (site.port, session, batch_id, viewers)]
    command = [sys.executable, "-m", "bench.viewers", *arguments]
    crowd = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if crowd.stdout is None or crowd.stdout.readline().strip() != "ready":
        raise SystemExit("Not all viewers got their first frame.")
    return crowd


def _reads() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def first_bytes(site: Site, session: str) -> list[float]:
    """Return the median ms to the first byte of the page of a running, half described batch, for each of SIZES."""
    batches = [steady.half_done(size, "bench") for size in SIZES]
    return first_bytes_ms(site, session, [f"/batches/{batch_id}/" for batch_id in batches], ROUNDS)
