"""A real browser uploads many files and stays responsive."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, Route, expect

from batches.models import UploadBatch
from tests.browser.conftest import ARGUMENTS, CHROMIUM, OpenPage
from tests.browser.folders import BATCH, assert_all_arrived, choose_folder, make_folder
from tests.browser.page_states import signed_in
from tests.support.batches import assert_counters_match

# The page asks about this many files per request instead of 500, so even a few files take several requests.
PAGE_SIZE, FILES = 10, 24
# Put 60,000 files into the page's input, in mixed order. Every thousandth is a system file.
CHOOSE_MANY = """() => {
    const input = document.getElementById("folder-input");
    const files = Array.from({ length: 60000 }, (_, number) => {
        const mixed = (number * 7919) % 100003;
        const file = new File([String(number)], number % 1000 ? `IMG_${mixed}.JPG` : ".DS_Store");
        Object.defineProperty(file, "webkitRelativePath", { value: `Roll/${mixed % 300}/${file.name}` });
        return file;
    });
    Object.defineProperty(input, "files", { value: files });
}"""
BEGIN = """() => document.getElementById("folder-input").dispatchEvent(new Event("change"))"""
# Block the page for 300 ms, to check that such a task would be recorded. The mark is not at the beginning of the task,
# because browsers round the times of marks, so it could seem to be made before the task.
HOLD_UP = """() => {
    const start = performance.now();
    while (performance.now() < start + 150);
    performance.mark("hold-up");
    while (performance.now() < start + 300);
}"""


@contextmanager
def timed_tasks(page: Page) -> Iterator[list[dict[str, float]]]:
    """Record the main thread's tasks, except HOLD_UP, with the browser's tracing. The block must run HOLD_UP.

    The list is filled when the block ends.

    `dur` is wall-clock time and `tdur` is CPU time, in microseconds. Tests check `tdur`, because on a busy machine a
    task with 40 ms of CPU time can take 400 ms of wall-clock time.
    """
    browser = page.context.browser
    assert browser is not None
    tasks: list[dict[str, float]] = []
    browser.start_tracing(page=page, categories=["disabled-by-default-devtools.timeline", "blink.user_timing"])
    yield tasks
    events = json.loads(browser.stop_tracing())["traceEvents"]
    main = {(e["pid"], e["tid"]) for e in events if e.get("args", {}).get("name") == "CrRendererMain"}
    recorded = [e for e in events if (e["pid"], e["tid"]) in main and e["name"] == "RunTask" and "tdur" in e]
    mark = next(e["ts"] for e in events if e["name"] == "hold-up")
    [held_up] = [task for task in recorded if task["ts"] <= mark <= task["ts"] + task["dur"]]
    assert held_up["dur"] >= 300_000
    tasks += [task for task in recorded if task is not held_up]


def lower_page_size(route: Route) -> None:
    """Serve preflight.js with a smaller page size."""
    response = route.fetch()
    script = response.text()
    assert "PAGE_SIZE = 500;" in script
    route.fulfill(response=response, body=script.replace("PAGE_SIZE = 500;", f"PAGE_SIZE = {PAGE_SIZE};"))


def test_files_of_several_pages_arrive_each_once(open_page: OpenPage, owner: User, tmp_path: Path) -> None:
    roll = make_folder(tmp_path / "Roll", FILES)
    page = open_page("/batches/")
    page.route("**/preflight*.js", lower_page_size)
    page.goto(page.url.replace("/batches/", "/batches/new/"))

    choose_folder(page, roll)
    page.wait_for_url(BATCH, timeout=120_000)

    batch = UploadBatch.objects.get(owner=owner)
    assert batch.total == FILES
    assert_all_arrived(batch, roll)
    assert_counters_match(batch)


@pytest.fixture
def page_of_own_browser(chromium: Browser, site: str, owner: User) -> Iterator[Page]:
    """The upload page in its own browser, because a trace can leave a browser unable to open pages."""
    browser = chromium.browser_type.launch(executable_path=CHROMIUM, args=ARGUMENTS)
    page = signed_in(browser, site, owner).new_page()
    page.goto(f"{site}/batches/new/")
    yield page
    browser.close()


def test_sixty_thousand_files_never_freeze_the_page(page_of_own_browser: Page) -> None:
    page = page_of_own_browser

    page.evaluate(CHOOSE_MANY)
    with timed_tasks(page) as tasks:
        page.evaluate(BEGIN)
        expect(page.locator("#total-files")).to_have_text("of 59,940 files", timeout=60_000)
        expect(page.locator("#selection-notes")).to_contain_text("60 hidden or system files ignored")
        # The files are not pictures, so a rejection shows that the upload is already running.
        expect(page.locator("#rejected")).to_be_visible(timeout=30_000)
        # The total is an estimate ("about") until all sizes are known.
        expect(page.locator("#total-bytes")).not_to_contain_text("about", timeout=60_000)
        # Do this last: on a busy machine, the recording may begin late.
        page.evaluate(HOLD_UP)

    # On a busy machine, the longest task took 183 ms of CPU time with the pauses of yieldToPage() and 439 ms without.
    assert max(task["tdur"] for task in tasks) <= 250_000
    assert page.evaluate("document.querySelectorAll('*').length") < 300
