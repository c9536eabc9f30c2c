"""Files that may already be in the library are hashed. If hashing fails, they are sent."""

from pathlib import Path

from django.contrib.auth.models import User
from playwright.sync_api import Route

from batches.models import UploadBatch
from tests.browser.conftest import OpenPage
from tests.browser.folders import BATCH, SentRequests, choose_folder, make_folder, processed_upload

FILES = 6
HASH_WORKER = "**/hash_worker*.js"
DIGEST = """async () => {
    const { Hasher } = await import("/static/upload/hashing.js");
    const hasher = new Hasher(100);
    const digests = await Promise.all([1, 2].map((size) => hasher.digest(new File([new Uint8Array(size)], "a.jpg"))));
    hasher.close();
    return digests;
}"""


def test_worker_that_fails_to_load_once_is_created_again(open_page: OpenPage, owner: User, tmp_path: Path) -> None:
    roll = make_folder(tmp_path / "Roll", FILES)
    processed_upload(owner, roll)
    page = open_page("/batches/new/")
    sent = SentRequests(page)
    page.context.route(HASH_WORKER, lambda route: route.abort(), times=1)

    choose_folder(page, roll)

    page.wait_for_url(BATCH)
    assert sent.creations == 0


def test_files_are_sent_when_no_worker_loads(open_page: OpenPage, owner: User, tmp_path: Path) -> None:
    roll = make_folder(tmp_path / "Roll", FILES)
    processed_upload(owner, roll)
    page = open_page("/batches/new/")
    sent = SentRequests(page)
    page.context.route(HASH_WORKER, lambda route: route.abort())

    choose_folder(page, roll)

    page.wait_for_url(BATCH)
    assert sent.creations == FILES
    assert UploadBatch.objects.filter(owner=owner).latest("id").total == FILES


def test_files_are_sent_when_the_worker_stops_responding(open_page: OpenPage) -> None:
    page = open_page("/batches/new/")
    started: list[Route] = []

    def silent(route: Route) -> None:
        started.append(route)
        route.fulfill(body="", content_type="text/javascript")

    page.context.route(HASH_WORKER, silent)

    assert page.evaluate(DIGEST) == [None, None]
    assert len(started) == 3
