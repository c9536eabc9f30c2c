"""After a backup was put back, numbers of files come again: a part that lies under one is another file's."""

from pathlib import Path

import pytest
from django.db import connection

from batches.intake.deduplication import SampledFile, register_known
from batches.intake.file_name import FileName
from batches.intake.partial_file import locked_partial
from batches.models import UploadBatch
from tests.intake.tus_client import TusClient
from tests.support.batches import assert_counters_true
from tests.support.images import encoded, textured
from uploads.models import Upload
from uploads.storage import local_copy

pytestmark = pytest.mark.django_db(transaction=True)
OTHER, PICTURE = (encoded(textured(320, 240, seed), "JPEG") for seed in (1, 2))


@pytest.fixture
def left(batch: UploadBatch, parts: Path) -> Path:
    """A part under the number that the next file will have."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('batches_batchitem', 'id'))")
        path = parts / str(cursor.fetchone()[0] + 1)
    parts.mkdir()
    path.write_bytes(OTHER[:5000])
    return path


def stored() -> bytes:
    with local_copy(Upload.objects.get().key) as path:
        return path.read_bytes()


@pytest.mark.parametrize("doubt", [False, True])
def test_new_file_begins_at_its_first_byte(tus: TusClient, batch: UploadBatch, left: Path, doubt: bool) -> None:
    if doubt:
        left.with_name(f"{left.name}.unverified").write_text("4000")

    created = tus.create(batch.id, "a.jpg", len(PICTURE))
    tus.patch(created.headers["location"], created.offset, PICTURE[created.offset :])

    assert (created.headers["location"], created.offset) == (f"/tus/{left.name}", 0)
    assert stored() == PICTURE


def test_file_that_comes_with_its_announcement_is_stored_as_it_is(
    tus: TusClient, batch: UploadBatch, left: Path
) -> None:
    assert tus.create_with(batch.id, "a.jpg", len(PICTURE), PICTURE).status == 201

    assert stored() == PICTURE


def test_file_whose_number_is_being_cleared_is_announced_later(tus: TusClient, batch: UploadBatch, left: Path) -> None:
    with locked_partial(int(left.name)):
        answer = tus.create(batch.id, "a.jpg", len(PICTURE))

    assert answer.status == 423
    assert_counters_true(batch)
    assert not batch.items.exists()
    assert tus.create(batch.id, "a.jpg", len(PICTURE)).status == 201


def test_question_about_a_file_whose_number_is_being_cleared_is_left_to_its_announcement(
    batch: UploadBatch, left: Path
) -> None:
    file = SampledFile(FileName("a.txt", 10), b"milk, eggs")

    with locked_partial(int(left.name)):
        told = register_known(batch, [file])

    assert told == [None]
    assert not batch.items.exists()


def test_announcement_that_is_repeated_keeps_what_came(tus: TusClient, batch: UploadBatch, left: Path) -> None:
    location = tus.create(batch.id, "a.jpg", len(PICTURE)).headers["location"]
    tus.patch(location, 0, PICTURE[:100])

    assert tus.create(batch.id, "a.jpg", len(PICTURE)).offset == 100
