"""How long the rest of a file is waited for, and what is said before and after."""

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
from tests.support.batches import assert_counters_true
from tests.support.images import encoded, textured
from uploads.models import Upload
from uploads.storage import local_copy

pytestmark = pytest.mark.django_db(transaction=True)
JPEG = encoded(textured(320, 240), "JPEG")
WEEK = 7 * 24 * 3600


@pytest.fixture
def begun(tus: TusClient, batch: UploadBatch) -> str:
    """The address of a file of which 900 bytes are here."""
    return tus.create_with(batch.id, "cat.jpg", len(JPEG), JPEG[:900]).headers["location"]


def stored() -> bytes:
    with local_copy(Upload.objects.get().key) as path:
        return path.read_bytes()


def let_expire(batch: UploadBatch) -> None:
    """As if the last byte had come eight days ago."""
    then = time.time() - WEEK - 24 * 3600
    os.utime(partial_path(batch.items.get().id), (then, then))


def test_every_answer_about_an_unfinished_file_says_until_when(tus: TusClient, batch: UploadBatch, begun: str) -> None:
    answers = [
        tus.create(batch.id, "other.jpg", 10),
        tus.create(batch.id, "cat.jpg", len(JPEG)),
        tus.head(begun),
        tus.patch(begun, 5, JPEG[5:]),
        tus.patch(begun, 900, JPEG[900:1000]),
    ]

    assert [answer.status for answer in answers] == [201, 201, 200, 409, 204]
    for answer in answers:
        expires = parsedate_to_datetime(answer.headers["upload-expires"]).timestamp()
        assert abs(expires - time.time() - WEEK) < 60


def test_finished_file_does_not_expire(tus: TusClient, begun: str) -> None:
    done = tus.patch(begun, 900, JPEG[900:])

    assert "upload-expires" not in done.headers
    assert "upload-expires" not in tus.head(begun).headers


@pytest.mark.parametrize("swept", [False, True])
def test_expired_file_is_gone_and_begins_anew(tus: TusClient, batch: UploadBatch, begun: str, swept: bool) -> None:
    let_expire(batch)
    if swept:
        assert PartialCleaner().clean() == 1

    gone = [tus.head(begun), tus.patch(begun, 900, JPEG[900:])]
    again = tus.create(batch.id, "cat.jpg", len(JPEG))

    assert [(answer.status, answer.text.partition(":")[0]) for answer in gone[1:]] == [(410, "upload.expired")]
    assert gone[0].status == 410
    assert (again.status, again.offset, again.headers["location"]) == (201, 0, begun)
    assert tus.patch(begun, 0, JPEG).status == 204
    assert stored() == JPEG
    assert_counters_true(batch)


def test_expired_file_of_a_completed_batch_reopens_it(tus: TusClient, batch: UploadBatch, begun: str) -> None:
    let_expire(batch)
    finish_without_missing(batch.id)
    PartialCleaner().clean()
    batch.refresh_from_db()
    before = (batch.status, batch.items.get().error_code)

    tus.create_with(batch.id, "cat.jpg", len(JPEG), JPEG)

    assert before == ("completed", "upload.expired")
    assert_counters_true(batch)
    assert (batch.status, batch.sealed_at, batch.failed) == ("processing", None, 0)
    assert stored() == JPEG


def test_file_given_up_goes_on_by_its_address_alone(tus: TusClient, batch: UploadBatch, begun: str) -> None:
    finish_without_missing(batch.id)

    looked = tus.head(begun)
    after_look = batch.items.get().status
    answer = tus.patch(begun, 900, JPEG[900:])

    assert (looked.status, looked.offset, after_look) == (200, 900, "failed")
    assert answer.status == 204
    assert stored() == JPEG
    assert_counters_true(batch)
    assert batch.status == "processing"


def test_file_given_up_when_its_last_byte_came_is_taken(tus: TusClient, batch: UploadBatch, begun: str) -> None:
    with partial_path(batch.items.get().id).open("ab") as part:
        part.write(JPEG[900:])
    finish_without_missing(batch.id)

    looked = tus.head(begun)

    assert (looked.status, looked.offset) == (200, len(JPEG))
    assert stored() == JPEG
    assert_counters_true(batch)


def test_file_of_which_nothing_came_is_awaited_as_long(tus: TusClient, batch: UploadBatch, settings: Settings) -> None:
    location = tus.create(batch.id, "cat.jpg", len(JPEG)).headers["location"]
    finish_without_missing(batch.id)
    before = tus.head(location)
    settings.PARTIAL_SECONDS = 0.0

    assert (before.status, before.offset) == (200, 0)
    assert tus.head(location).status == 410


def test_part_in_doubt_expires_as_others_do(tus: TusClient, batch: UploadBatch, begun: str) -> None:
    item_id = batch.items.get().id
    mark_unverified(item_id, 900)
    with partial_path(item_id).open("ab") as part:
        part.write(b"never proven")
    let_expire(batch)

    again = tus.create(batch.id, "cat.jpg", len(JPEG))

    assert (again.status, again.offset) == (201, 0)
