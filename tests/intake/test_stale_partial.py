"""A partial file left over from another item is not used.

Such files exist after a backup has been restored, because item ids are then reused.
"""

from pathlib import Path

import pytest
from django.db import connection

from batches.intake.file_name import FileName
from batches.intake.partial_file import locked_partial
from batches.intake.preflight import SampledFile, register_unsent
from batches.models import UploadBatch
from tests.intake.tus_client import TusClient
from tests.support.batches import assert_counters_match
from tests.support.images import encoded, textured
from uploads.models import Upload
from uploads.storage import local_copy

pytestmark = pytest.mark.django_db(transaction=True)
OTHER, PICTURE = (encoded(textured(320, 240, seed), "JPEG") for seed in (1, 2))


@pytest.fixture
def stale(batch: UploadBatch, partial_root: Path) -> Path:
    """A partial file that already exists under the id that the next item will get."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('batches_batchitem', 'id'))")
        path = partial_root / str(cursor.fetchone()[0] + 1)
    partial_root.mkdir()
    path.write_bytes(OTHER[:5000])
    return path


def stored() -> bytes:
    with local_copy(Upload.objects.get().key) as path:
        return path.read_bytes()


@pytest.mark.parametrize("unverified", [False, True])
def test_new_file_starts_at_its_first_byte(tus: TusClient, batch: UploadBatch, stale: Path, unverified: bool) -> None:
    if unverified:
        stale.with_name(f"{stale.name}.unverified").write_text("4000")

    created = tus.create(batch.id, "a.jpg", len(PICTURE))
    tus.patch(created.headers["location"], created.offset, PICTURE[created.offset :])

    assert (created.headers["location"], created.offset) == (f"/tus/{stale.name}", 0)
    assert stored() == PICTURE


def test_file_sent_with_its_creation_is_stored_as_sent(tus: TusClient, batch: UploadBatch, stale: Path) -> None:
    assert tus.create_with(batch.id, "a.jpg", len(PICTURE), PICTURE).status == 201

    assert stored() == PICTURE


def test_file_whose_stale_partial_is_locked_is_registered_later(
    tus: TusClient, batch: UploadBatch, stale: Path
) -> None:
    with locked_partial(int(stale.name)):
        answer = tus.create(batch.id, "a.jpg", len(PICTURE))

    assert answer.status == 423
    assert_counters_match(batch)
    assert not batch.items.exists()
    assert tus.create(batch.id, "a.jpg", len(PICTURE)).status == 201


def test_preflight_leaves_a_file_with_a_locked_stale_partial_to_its_creation(batch: UploadBatch, stale: Path) -> None:
    file = SampledFile(FileName("a.txt", 10), b"milk, eggs")

    with locked_partial(int(stale.name)):
        outcomes = register_unsent(batch, [file])

    assert outcomes == [None]
    assert not batch.items.exists()


def test_repeated_creation_keeps_what_was_received(tus: TusClient, batch: UploadBatch, stale: Path) -> None:
    location = tus.create(batch.id, "a.jpg", len(PICTURE)).headers["location"]
    tus.patch(location, 0, PICTURE[:100])

    assert tus.create(batch.id, "a.jpg", len(PICTURE)).offset == 100
