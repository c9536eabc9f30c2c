"""When unfinished uploads expire, and how the endpoint responds before and after that."""

import os
import time
from email.utils import parsedate_to_datetime

import pytest
from pytest_django import Settings

from batches.engine.expiry import finish_without_missing
from batches.intake.partial_cleanup import PartialCleaner
from batches.intake.partial_paths import mark_unverified, partial_path
from batches.models import UploadBatch
from tests.intake.tus_client import TusClient
from tests.support.batches import assert_counters_match
from tests.support.images import encoded, textured
from uploads.models import Upload
from uploads.storage import local_copy

pytestmark = pytest.mark.django_db(transaction=True)
JPEG = encoded(textured(320, 240), "JPEG")
WEEK = 7 * 24 * 3600


@pytest.fixture
def location(tus: TusClient, batch: UploadBatch) -> str:
    """The URL of an upload of which 900 bytes have been received."""
    return tus.create_with(batch.id, "cat.jpg", len(JPEG), JPEG[:900]).headers["location"]


def stored() -> bytes:
    with local_copy(Upload.objects.get().key) as path:
        return path.read_bytes()


def expire(batch: UploadBatch) -> None:
    """Make the last received byte eight days old."""
    then = time.time() - WEEK - 24 * 3600
    os.utime(partial_path(batch.items.get().id), (then, then))


def test_every_response_about_an_unfinished_upload_has_an_expiry(
    tus: TusClient, batch: UploadBatch, location: str
) -> None:
    answers = [
        tus.create(batch.id, "other.jpg", 10),
        tus.create(batch.id, "cat.jpg", len(JPEG)),
        tus.head(location),
        tus.patch(location, 5, JPEG[5:]),
        tus.patch(location, 900, JPEG[900:1000]),
    ]

    assert [answer.status for answer in answers] == [201, 201, 200, 409, 204]
    for answer in answers:
        expires = parsedate_to_datetime(answer.headers["upload-expires"]).timestamp()
        assert abs(expires - time.time() - WEEK) < 60


def test_finished_file_does_not_expire(tus: TusClient, location: str) -> None:
    done = tus.patch(location, 900, JPEG[900:])

    assert "upload-expires" not in done.headers
    assert "upload-expires" not in tus.head(location).headers


@pytest.mark.parametrize("cleaned", [False, True])
def test_expired_upload_is_gone_and_starts_again(
    tus: TusClient, batch: UploadBatch, location: str, cleaned: bool
) -> None:
    expire(batch)
    if cleaned:
        assert PartialCleaner().clean() == 1

    gone = [tus.head(location), tus.patch(location, 900, JPEG[900:])]
    again = tus.create(batch.id, "cat.jpg", len(JPEG))

    assert [(answer.status, answer.text.partition(":")[0]) for answer in gone[1:]] == [(410, "upload.expired")]
    assert gone[0].status == 410
    assert (again.status, again.offset, again.headers["location"]) == (201, 0, location)
    assert tus.patch(location, 0, JPEG).status == 204
    assert stored() == JPEG
    assert_counters_match(batch)


def test_expired_file_sent_again_reopens_its_completed_batch(tus: TusClient, batch: UploadBatch, location: str) -> None:
    expire(batch)
    finish_without_missing(batch.id)
    PartialCleaner().clean()
    batch.refresh_from_db()
    before = (batch.status, batch.missing)

    tus.create_with(batch.id, "cat.jpg", len(JPEG), JPEG)

    assert before == ("completed", 1)
    assert_counters_match(batch)
    assert (batch.status, batch.sealed_at, batch.missing) == ("processing", None, 0)
    assert stored() == JPEG


def test_abandoned_file_resumes_at_its_address(tus: TusClient, batch: UploadBatch, location: str) -> None:
    finish_without_missing(batch.id)

    head = tus.head(location)
    after_head = batch.items.get().status
    answer = tus.patch(location, 900, JPEG[900:])

    assert (head.status, head.offset, after_head) == (200, 900, "missing")
    assert answer.status == 204
    assert stored() == JPEG
    assert_counters_match(batch)
    assert batch.status == "processing"


def test_file_abandoned_when_its_last_byte_arrived_is_finalized(
    tus: TusClient, batch: UploadBatch, location: str
) -> None:
    with partial_path(batch.items.get().id).open("ab") as partial:
        partial.write(JPEG[900:])
    finish_without_missing(batch.id)

    head = tus.head(location)

    assert (head.status, head.offset) == (200, len(JPEG))
    assert stored() == JPEG
    assert_counters_match(batch)


def test_abandoned_file_without_bytes_expires(tus: TusClient, batch: UploadBatch, settings: Settings) -> None:
    location = tus.create(batch.id, "cat.jpg", len(JPEG)).headers["location"]
    finish_without_missing(batch.id)
    before = tus.head(location)
    settings.PARTIAL_SECONDS = 0.0

    assert (before.status, before.offset) == (200, 0)
    assert tus.head(location).status == 410


def test_unverified_partial_file_expires(tus: TusClient, batch: UploadBatch, location: str) -> None:
    item_id = batch.items.get().id
    mark_unverified(item_id, 900)
    with partial_path(item_id).open("ab") as partial:
        partial.write(b"never verified")
    expire(batch)

    again = tus.create(batch.id, "cat.jpg", len(JPEG))

    assert (again.status, again.offset) == (201, 0)
