"""Hashing files that may already be in the library. If hashing fails, the files are sent."""

from pathlib import Path

from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Route

from batches.models import UploadBatch
from tests.browser.conftest import OpenPage
from tests.browser.folders import BATCH, SentRequests, choose_folder, make_folder
from uploads.models import Upload

HASH_WORKER = "**/hash_worker*.js"
DIGEST = """async () => {
    const { Hasher } = await import("/static/upload/hashing.js");
    const hasher = new Hasher(100);
    const digests = await Promise.all([1, 2].map((size) => hasher.digest(new File([new Uint8Array(size)], "a.jpg"))));
    hasher.close();
    return digests;
}"""


def library_of(open_page: OpenPage, tmp_path: Path) -> Path:
    """Upload a folder of 12 files, mark them as processed, and return the folder."""
    roll = make_folder(tmp_path / "Roll", 12)
    page = open_page("/batches/new/")
    choose_folder(page, roll)
    page.wait_for_url(BATCH)
    Upload.objects.update(processed_at=timezone.now())
    return roll


def test_worker_that_fails_to_load_once_is_created_again(open_page: OpenPage, owner: User, tmp_path: Path) -> None:
    roll = library_of(open_page, tmp_path)
    page = open_page("/batches/new/")
    sent = SentRequests(page)
    page.context.route(HASH_WORKER, lambda route: route.abort(), times=1)

    choose_folder(page, roll)

    page.wait_for_url(BATCH)
    assert sent.creations == 0


def test_files_are_sent_when_no_worker_loads(open_page: OpenPage, owner: User, tmp_path: Path) -> None:
    roll = library_of(open_page, tmp_path)
    page = open_page("/batches/new/")
    sent = SentRequests(page)
    page.context.route(HASH_WORKER, lambda route: route.abort())

    choose_folder(page, roll)

    page.wait_for_url(BATCH)
    assert sent.creations == 12
    assert UploadBatch.objects.filter(owner=owner).latest("id").total == 12


def test_files_are_sent_when_the_worker_stops_responding(open_page: OpenPage) -> None:
    page = open_page("/batches/new/")
    started: list[Route] = []

    def silent(route: Route) -> None:
        started.append(route)
        route.fulfill(body="", content_type="text/javascript")

    page.context.route(HASH_WORKER, silent)

    assert page.evaluate(DIGEST) == [None, None]
    assert len(started) == 3
