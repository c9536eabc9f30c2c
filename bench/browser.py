"""Measure how fast Chromium uploads a folder of many small files. No workers run.

Run it with `make bench ARGS=browser`. Set CHROMIUM if the browser is not at /usr/bin/chromium. The measured time starts
when the folder is chosen and ends when the batch page is shown, after all files are sent and the batch is sealed. The
last line of the output is one JSON object.
"""

import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console
from rich.table import Table

from bench.stack import cpu_seconds, stack, web

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
ARGUMENTS += ["--disable-background-networking", "--disable-component-update"]
KILOBYTES = 50
WARM_UP = 50


def main() -> None:
    """Upload a small folder as a warm-up, then measure the upload of a larger one, and print the results."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    with tempfile.TemporaryDirectory() as folder, stack(), web() as (port, pid):
        from bench import people  # noqa: PLC0415 (Django must be set up first)

        name, _separator, value = people.sign_in().partition("=")
        site = f"http://127.0.0.1:{port}"
        with chromium() as browser:
            context = browser.new_context(base_url=site)
            context.add_cookies([{"name": name, "value": value, "url": site}])
            page = context.new_page()
            # The warm-up files have a different size, or the page would hash all measured files to find duplicates.
            upload_folder(page, make_files(Path(folder) / "warm-up", WARM_UP, KILOBYTES - 1))
            before = cpu_seconds(pid)
            seconds = upload_folder(page, make_files(Path(folder) / "roll", count, KILOBYTES))
            report(count, seconds, (cpu_seconds(pid) - before) * 1000 / count)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Chromium for the duration of the `with` block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


def report(count: int, seconds: float, cpu_ms: float) -> None:
    table = Table("", "", title=f"{count:,} files of {KILOBYTES} KB chosen in Chromium")
    table.add_row("files per second", f"{count / seconds:.1f}")
    table.add_row("web server, CPU ms per file", f"{cpu_ms:.1f}")
    Console().print(table)
    figures = {"files_per_s": round(count / seconds, 1), "web_cpu_ms_per_file": round(cpu_ms, 1)}
    print(json.dumps({"bench": "browser", **figures}))


def make_files(folder: Path, count: int, kilobytes: int) -> Path:
    """Write `count` files of equal size. All start with a JPEG header, followed by different random bytes."""
    folder.mkdir()
    for number in range(count):
        head = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + f"{folder.name} {number}".encode()
        (folder / f"IMG_{number:05}.JPG").write_bytes(head + os.urandom(kilobytes * 1000 - len(head)))
    return folder


def upload_folder(page: Page, folder: Path) -> float:
    """Choose the folder and return the seconds until the batch page is shown."""
    page.goto("/batches/new/")
    start = time.perf_counter()
    page.locator("#folder-input").set_input_files(folder)
    page.wait_for_url(re.compile(r"/batches/\d+/$"), timeout=600_000)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
