"""The tus endpoint follows the protocol."""

import fcntl
import hashlib
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from batches.engine import lifecycle
from batches.intake import partial_file
from batches.intake.partial_paths import partial_path
from batches.intake.running_hashes import RunningHashes
from batches.intake.tus import body
from batches.models import UploadBatch
from tests.intake.tus_client import TusClient
from tests.support.batches import assert_counters_match
from tests.support.images import encoded, textured
from tests.support.users import make_user
from uploads.models import Upload
from uploads.storage import local_copy

pytestmark = pytest.mark.django_db(transaction=True)
JPEG = encoded(textured(320, 240), "JPEG")


def stored(upload: Upload) -> bytes:
    with local_copy(upload.key) as path:
        return path.read_bytes()


def test_options_list_version_extensions_and_limit(tus: TusClient, settings: Settings) -> None:
    answer = tus.request("OPTIONS", "/tus/")

    assert answer.status == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert answer.headers["tus-extension"] == "creation,creation-with-upload,checksum,termination,expiration"
    assert answer.headers["tus-max-size"] == str(settings.MAX_ARCHIVE_BYTES)


def test_file_in_one_piece_is_stored_and_queued(tus: TusClient, batch: UploadBatch, ada: User) -> None:
    created = tus.create(batch.id, "cat.jpg", len(JPEG), relative_path="Cats/cat.jpg")
    answer = tus.patch(created.headers["location"], 0, JPEG)

    item = batch.items.get()
    upload = Upload.objects.get(owner=ada)
    assert (created.status, answer.status, answer.offset) == (201, 204, len(JPEG))
    assert (item.status, item.upload, item.relative_path) == ("pending", upload, "Cats/cat.jpg")
    assert (upload.sha256, upload.mime_type, upload.size) == (
        hashlib.sha256(JPEG).hexdigest(),
        "image/jpeg",
        len(JPEG),
    )
    assert stored(upload) == JPEG
    assert not partial_path(item.id).exists()
    assert_counters_match(batch)


@pytest.mark.parametrize("forgotten", [False, True])
def test_file_in_pieces_with_a_disconnect_is_complete(
    tus: TusClient, batch: UploadBatch, monkeypatch: pytest.MonkeyPatch, forgotten: bool
) -> None:
    location = tus.create(batch.id, "cat.jpg", len(JPEG)).headers["location"]

    gone = tus.patch(location, 0, JPEG[:1000], JPEG[1000:1500], declared=False, end="cut")
    kept = tus.head(location)
    if forgotten:
        monkeypatch.setattr(partial_file, "running_hashes", RunningHashes())  # as if another process continued
    middle = tus.patch(location, kept.offset, JPEG[kept.offset : 4000])
    last = tus.patch(location, middle.offset, JPEG[middle.offset :])

    assert (gone.status, kept.offset, middle.offset, last.offset) == (0, 1500, 4000, len(JPEG))
    assert kept.headers["upload-length"] == str(len(JPEG))
    assert kept.headers["cache-control"] == "no-store"
    assert stored(Upload.objects.get()) == JPEG
    assert Upload.objects.get().sha256 == hashlib.sha256(JPEG).hexdigest()


def test_repeated_creation_returns_location_and_offset(tus: TusClient, batch: UploadBatch) -> None:
    first = tus.create(batch.id, "cat.jpg", len(JPEG))
    tus.patch(first.headers["location"], 0, JPEG[:700])

    halfway = tus.create(batch.id, "cat.jpg", len(JPEG))
    tus.patch(first.headers["location"], 700, JPEG[700:])
    after = tus.create(batch.id, "cat.jpg", len(JPEG))

    assert halfway.headers["location"] == after.headers["location"] == first.headers["location"]
    assert (halfway.status, halfway.offset, after.status, after.offset) == (201, 700, 201, len(JPEG))
    assert tus.head(first.headers["location"]).offset == len(JPEG)
    assert tus.patch(first.headers["location"], len(JPEG)).status == 204
    assert_counters_match(batch)
    assert batch.total == 1


def test_files_with_the_same_name_are_distinct(tus: TusClient, batch: UploadBatch) -> None:
    paths = ["A/image.jpg", "B/image.jpg"]

    locations = {tus.create(batch.id, "image.jpg", 10, relative_path=path).headers["location"] for path in paths}

    assert len(locations) == 2


def test_body_that_is_too_long_leaves_the_partial_file_unchanged(tus: TusClient, batch: UploadBatch) -> None:
    location = tus.create(batch.id, "cat.jpg", len(JPEG)).headers["location"]
    tus.patch(location, 0, JPEG[:100])

    answer = tus.patch(location, 100, JPEG[100:], b"more", declared=False)

    assert answer.status == 413
    assert tus.head(location).offset == 100
    assert tus.patch(location, 100, JPEG[100:]).status == 204


def test_locked_partial_file_is_busy(tus: TusClient, batch: UploadBatch) -> None:
    location = tus.create(batch.id, "cat.jpg", len(JPEG)).headers["location"]
    tus.patch(location, 0, JPEG[:100])
    with partial_path(batch.items.get().id).open("rb") as locked:
        fcntl.flock(locked, fcntl.LOCK_EX)

        answer = tus.patch(location, 100, JPEG[100:])

    assert answer.status == 423
    assert tus.patch(location, 100, JPEG[100:]).status == 204


def test_withdrawn_file_fails_and_its_batch_completes(tus: TusClient, batch: UploadBatch, partial_root: Path) -> None:
    location = tus.create(batch.id, "cat.jpg", len(JPEG)).headers["location"]
    tus.patch(location, 0, JPEG[:100])
    bob = TusClient(make_user("bob"))

    answers = [bob.request("DELETE", location), tus.request("DELETE", location), tus.head(location)]
    lifecycle.seal_batch(batch.id)

    assert [answer.status for answer in answers] == [404, 204, 410]
    assert not list(partial_root.iterdir())
    assert_counters_match(batch)
    assert (batch.status, batch.items.get().error_code) == ("completed", "file.withdrawn")


def test_complete_file_cannot_be_withdrawn(tus: TusClient, batch: UploadBatch) -> None:
    location = tus.create(batch.id, "cat.jpg", len(JPEG)).headers["location"]
    tus.patch(location, 0, JPEG)

    assert tus.request("DELETE", location).status == 409
    assert batch.items.get().status == "pending"


def test_silent_client_releases_the_partial_file(
    tus: TusClient, batch: UploadBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body, "IDLE_SECONDS", 0.1)
    location = tus.create(batch.id, "cat.jpg", len(JPEG)).headers["location"]

    answer = tus.patch(location, 0, JPEG[:100], end="silence")

    assert (answer.status, answer.text.partition(":")[0]) == (408, "tus.quiet")
    assert tus.patch(location, 100, JPEG[100:]).status == 204


def test_full_disk_is_reported_and_nothing_is_lost(
    settings: Settings, tus: TusClient, batch: UploadBatch, partial_root: Path
) -> None:
    settings.PARTIAL_SECONDS = 1e9  # /dev/full looks expired: it was last modified at boot
    location = tus.create(batch.id, "cat.jpg", len(JPEG)).headers["location"]
    partial_root.mkdir()
    partial_path(batch.items.get().id).symlink_to("/dev/full")

    answer = tus.patch(location, 0, JPEG)

    assert (answer.status, answer.text.partition(":")[0]) == (507, "storage.full")
    assert tus.patch(location, 0, JPEG).status == 204
