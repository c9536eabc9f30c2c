"""A batch keeps the paths of announced files until their bytes arrive, and lists files that the client ignores."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.fixtures import Settings

from batches import services
from batches.engine import lifecycle
from batches.engine.expiry import finish_without_missing
from batches.intake.manifest import read_page
from batches.intake.partial_paths import partial_path
from batches.models import UploadBatch
from tests.intake.tus_client import TusClient
from tests.support.batches import assert_counters_match
from tests.support.images import encoded, textured

pytestmark = pytest.mark.django_db(transaction=True)
PICTURE = encoded(textured(32, 24), "JPEG")
SIZE = len(PICTURE) + 1
NAMES = [f"Iceland/{number:02}.jpg" for number in range(14)]


def announce(browser: Client, batch: UploadBatch, *paths: str) -> tuple[int, Any]:
    files = [
        {"relative_path": path, "filename": path.rpartition("/")[2], "size": SIZE, "last_modified": "1000"}
        for path in paths
    ]
    answer = browser.post(f"/batches/{batch.id}/announce/", {"files": files}, content_type="application/json")
    return answer.status_code, answer.json()


def content(name: str) -> bytes:
    """Return `PICTURE` and one more byte: the last character of `name` before `.jpg`."""
    return PICTURE + name.removesuffix(".jpg")[-1:].encode()


@pytest.fixture
def batch(ada: User) -> UploadBatch:
    return lifecycle.open_batch(ada.id, "Iceland", expected_items=len(NAMES))


def test_closed_import_keeps_the_files_that_never_arrived(browser: Client, tus: TusClient, batch: UploadBatch) -> None:
    assert announce(browser, batch, *NAMES) == (200, {"announced": 14})
    for name in NAMES[:6]:
        tus.send(batch.id, name, content(name))

    repeated = announce(browser, batch, *NAMES)
    finish_without_missing(batch.id)

    assert repeated == (200, {"announced": 0})
    assert_counters_match(batch)
    missing = batch.items.filter(status="missing").order_by("id").values_list("relative_path", flat=True)
    assert (batch.total, batch.missing, batch.never_arrived, list(missing)) == (14, 8, 8, NAMES[6:])


def test_file_that_was_partly_sent_counts_as_missing_and_resumes(
    browser: Client, tus: TusClient, batch: UploadBatch
) -> None:
    announce(browser, batch, "a.jpg", "b.jpg")
    location = tus.create_with(batch.id, "a.jpg", SIZE, content("a")[:10]).headers["location"]
    finish_without_missing(batch.id)
    batch.refresh_from_db()
    closed = (batch.status, batch.missing)

    answer = tus.patch(location, 10, content("a")[10:])

    assert closed == ("completed", 2)
    assert answer.status == 204
    assert_counters_match(batch)
    assert (batch.status, batch.missing, batch.total) == ("processing", 1, 2)


def test_announcement_does_not_reopen_a_completed_import(browser: Client, tus: TusClient, batch: UploadBatch) -> None:
    finish_without_missing(batch.id)

    announce(browser, batch, "a.jpg")

    assert_counters_match(batch)
    assert (batch.status, batch.missing) == ("completed", 1)
    tus.send(batch.id, "a.jpg", content("a"))
    assert_counters_match(batch)
    assert (batch.status, batch.missing, batch.total) == ("processing", 0, 1)


def test_nothing_is_announced_beyond_the_limit(browser: Client, batch: UploadBatch, settings: Settings) -> None:
    settings.MAX_BATCH_FILES = 2
    announce(browser, batch, "a.jpg", "b.jpg")

    status, answer = announce(browser, batch, "b.jpg", "c.jpg")

    assert (status, answer["code"]) == (413, "batch.full")
    assert_counters_match(batch)
    assert batch.total == 2


def test_announced_file_of_a_full_import_can_be_sent(
    browser: Client, tus: TusClient, batch: UploadBatch, settings: Settings
) -> None:
    settings.MAX_BATCH_FILES = 1
    announce(browser, batch, "a.jpg")

    assert tus.send(batch.id, "a.jpg", content("a")).status == 204
    assert_counters_match(batch)


def test_new_item_does_not_take_over_a_stale_partial_file(browser: Client, tus: TusClient, batch: UploadBatch) -> None:
    announce(browser, batch, "a.jpg")
    stale = partial_path(batch.items.get().id + 1)
    stale.parent.mkdir(exist_ok=True)
    stale.write_bytes(b"from a database that was restored")

    announce(browser, batch, "b.jpg")

    assert tus.create(batch.id, "b.jpg", SIZE).offset == 0


def test_stale_partial_file_of_an_announced_file_is_ignored(browser: Client, batch: UploadBatch, ada: User) -> None:
    announce(browser, batch, "a.jpg")
    stale = partial_path(batch.items.get().id)
    stale.parent.mkdir(exist_ok=True)
    stale.write_bytes(b"from a database that was restored")

    (entry,), _ = read_page(batch.id, 0)
    services.cancel_batch(services.owner_scope(ada), batch.id)

    assert (entry.offset, entry.state) == (0, "missing")
    assert stale.exists()  # the cleanup will remove it


def test_address_of_a_file_that_never_arrived_is_gone(browser: Client, tus: TusClient, batch: UploadBatch) -> None:
    announce(browser, batch, "a.jpg")

    assert tus.head(f"/tus/{batch.items.get().id}").status == 410


@pytest.mark.parametrize("file", [5, {"relative_path": "a"}, {"relative_path": "a", "filename": "a", "size": -1}])
def test_malformed_announcement_is_refused(browser: Client, batch: UploadBatch, file: object) -> None:
    answer = browser.post(f"/batches/{batch.id}/announce/", {"files": [file]}, content_type="application/json")

    assert answer.json()["code"] == "request.malformed"


def test_files_that_the_client_leaves_out_are_listed_once(browser: Client, batch: UploadBatch) -> None:
    file = {"relative_path": "Iceland/Thumbs.db", "filename": "Thumbs.db", "size": 9, "last_modified": "1"}
    empty = file | {"relative_path": "Iceland/00.jpg", "filename": "00.jpg", "size": 0}
    gone = empty | {"relative_path": "Iceland/01.jpg", "filename": "01.jpg", "reason": "unreadable"}
    body = {"files": [file | {"reason": "junk"}, empty | {"reason": "empty"}, gone]}

    answers = [browser.post(f"/batches/{batch.id}/ignored/", body, content_type="application/json") for _ in range(2)]

    assert [answer.json() for answer in answers] == [{"ignored": 3}, {"ignored": 0}]
    batch.refresh_from_db()
    assert (batch.total, batch.ignored, batch.expected_items) == (0, 3, len(NAMES) - 2)
    assert_counters_match(batch)


def test_files_are_left_out_only_for_a_known_reason(browser: Client, batch: UploadBatch) -> None:
    file = {"relative_path": "a", "filename": "a", "size": 9, "last_modified": "1", "reason": "boring"}

    answer = browser.post(f"/batches/{batch.id}/ignored/", {"files": [file]}, content_type="application/json")

    assert (answer.status_code, batch.items.count()) == (400, 0)
