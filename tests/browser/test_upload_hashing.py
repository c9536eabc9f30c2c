"""Files that may already be in the library are hashed first, and sent if hashing fails."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from django.contrib.auth.models import User
from playwright.sync_api import Page, Route

from batches.models import UploadBatch
from tests.browser.conftest import OpenPage
from tests.browser.folders import BATCH, SentRequests, choose_folder, make_folder, processed_upload

FILES = 6
HASH_WORKER = "**/hash_worker*.js"
DIGESTS = """async (timeout) => {
    const { Hasher } = await import("/static/upload/hashing.js");
    const hasher = new Hasher(timeout);
    const digests = await Promise.all([1, 2].map((size) => hasher.digest(new File([new Uint8Array(size)], "a.jpg"))));
    hasher.close();
    return digests;
}"""

# Count the workers and not the requests for their script: a worker may be terminated before its request is seen.
COUNT_WORKERS = """() => {
    const { Worker } = window;
    window.workers = 0;
    window.Worker = class extends Worker { constructor(...options) { super(...options); window.workers += 1; } };
}"""
STOP_COUNTING = "() => { window.Worker = Object.getPrototypeOf(window.Worker); return window.workers; }"


def test_files_are_sent_when_no_worker_loads(open_page: OpenPage, owner: User, tmp_path: Path) -> None:
    roll = make_folder(tmp_path / "Roll", FILES)
    processed_upload(owner, roll)
    page = open_page("/batches/new/")
    sent = SentRequests(page)
    page.route(HASH_WORKER, lambda route: route.abort())

    choose_folder(page, roll)

    page.wait_for_url(BATCH)
    assert sent.creations == FILES
    assert UploadBatch.objects.filter(owner=owner).latest("id").total == FILES


def digests(page: Page, worker: Callable[[Route], None], timeout: int, times: int | None = None) -> list[str | None]:
    """Hash two files of zeros and return their digests.

    `worker` handles the first `times` requests for the worker's script, or all of them if `times` is None.
    """
    page.route(HASH_WORKER, worker, times=times)
    try:
        found: list[str | None] = page.evaluate(DIGESTS, timeout)
    finally:
        page.unroute(HASH_WORKER)
    return found


def test_worker_that_fails_to_load_once_is_created_again(blank_page: Page) -> None:
    found = digests(blank_page, lambda route: route.abort(), 30_000, times=1)

    assert found == [hashlib.sha256(bytes(size)).hexdigest() for size in (1, 2)]


def test_worker_that_stops_responding_is_created_three_times(blank_page: Page) -> None:
    blank_page.evaluate(COUNT_WORKERS)

    found = digests(blank_page, lambda route: route.fulfill(body="", content_type="text/javascript"), 100)

    assert found == [None, None]
    assert blank_page.evaluate(STOP_COUNTING) == 3
