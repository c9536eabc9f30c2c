"""If the disk is full, nearly full or read-only, the client gets an error and can resume later without loss."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from pytest_django import Settings

from batches.intake.file_name import FileName
from batches.intake.partial_paths import partial_path, partial_size
from batches.intake.receive import receive_file
from batches.models import UploadBatch
from tests.intake.tus_client import TusClient
from tests.support.batches import assert_counters_match
from tests.support.images import encoded, textured
from tests.support.small_disk import MIB, SmallDisk
from uploads.models import Upload
from uploads.storage import local_copy

pytestmark = pytest.mark.django_db(transaction=True)
PICTURE = encoded(textured(320, 240), "JPEG") + bytes(3 * MIB // 2)


@pytest.fixture
def disk(tmp_path: Path, settings: Settings) -> Iterator[SmallDisk]:
    """A 1 MiB disk for partial files and media."""
    disk = SmallDisk(tmp_path / "disk", 1)
    settings.PARTIAL_ROOT = disk.folder / "partial"
    settings.STORAGES = settings.STORAGES | {
        "default": {
            "BACKEND": "uploads.storage.disk.DiskStorage",
            "OPTIONS": {"location": disk.folder / "media"},
        }
    }
    settings.MIN_FREE_BYTES = 0
    yield disk
    disk.unmount()


def stored() -> bytes:
    with local_copy(Upload.objects.get().key) as path:
        return path.read_bytes()


def test_full_disk_is_reported_and_sending_resumes_with_free_space(
    tus: TusClient, batch: UploadBatch, disk: SmallDisk
) -> None:
    location = tus.create(batch.id, "big.jpg", len(PICTURE)).headers["location"]
    full = tus.patch(location, 0, PICTURE)
    kept = tus.head(location)
    still_full = tus.patch(location, kept.offset, PICTURE[kept.offset :])
    before = batch.items.get().status
    disk.remount("size=4m")

    answer = tus.patch(location, kept.offset, PICTURE[kept.offset :])

    assert (full.status, full.text.partition(":")[0]) == (507, "storage.full")
    assert (still_full.status, before) == (507, "receiving")
    assert 0 < kept.offset < len(PICTURE)
    assert (answer.status, stored() == PICTURE) == (204, True)
    assert_counters_match(batch)


def test_disk_full_at_the_first_byte_loses_nothing(tus: TusClient, batch: UploadBatch, disk: SmallDisk) -> None:
    (disk.folder / "fill").write_bytes(bytes(MIB - 2 * 4096))
    full = tus.create_with(batch.id, "big.jpg", len(PICTURE), PICTURE[:MIB])
    disk.remount("size=4m")

    answer = tus.create_with(batch.id, "big.jpg", len(PICTURE), PICTURE)

    assert full.status == 507
    assert (answer.status, stored() == PICTURE) == (201, True)


def test_checksum_on_a_full_disk_leaves_the_partial_file_unchanged(
    tus: TusClient, batch: UploadBatch, disk: SmallDisk
) -> None:
    location = tus.create_with(batch.id, "big.jpg", len(PICTURE), PICTURE[:900]).headers["location"]

    full = tus.patch(location, 900, PICTURE[900:], checksum="sha1")

    assert full.status == 507
    assert tus.head(location).offset == 900


def test_read_only_disk_is_reported_and_sending_resumes_when_writable(
    tus: TusClient, batch: UploadBatch, disk: SmallDisk
) -> None:
    disk.remount("size=4m")
    location = tus.create_with(batch.id, "big.jpg", len(PICTURE), PICTURE[:900]).headers["location"]
    disk.remount("ro")
    answers = [tus.patch(location, 900, PICTURE[900:]), tus.create_with(batch.id, "b.jpg", 10, b"0123456789")]
    head = tus.head(location)
    disk.remount("rw")

    answer = tus.patch(location, 900, PICTURE[900:])

    assert [(one.status, one.text.partition(":")[0]) for one in answers] == [(507, "storage.read_only")] * 2
    assert (head.status, head.offset) == (200, 900)
    assert (answer.status, stored() == PICTURE) == (204, True)


def test_read_only_media_leave_a_complete_partial_file(
    tus: TusClient, batch: UploadBatch, disk: SmallDisk, settings: Settings, tmp_path: Path
) -> None:
    settings.PARTIAL_ROOT = tmp_path / "partial"
    disk.remount("size=4m,ro")
    location = tus.create(batch.id, "big.jpg", len(PICTURE)).headers["location"]
    refused = tus.patch(location, 0, PICTURE)
    item = batch.items.get()
    before = (item.status, partial_size(item.id), Upload.objects.count())
    disk.remount("rw")
    # The system check requires partial files and media on one disk, so move the partial file to the disk of the media.
    settings.PARTIAL_ROOT = disk.folder
    (disk.folder / str(item.id)).write_bytes((tmp_path / "partial" / str(item.id)).read_bytes())

    answer = tus.head(location)

    assert (refused.status, refused.text.partition(":")[0]) == (507, "storage.read_only")
    assert before == ("receiving", len(PICTURE), 0)
    assert (answer.status, answer.offset, stored() == PICTURE) == (200, len(PICTURE), True)
    assert_counters_match(batch)


def test_space_is_kept_free(tus: TusClient, batch: UploadBatch, disk: SmallDisk, settings: Settings) -> None:
    disk.remount("size=4m")
    location = tus.create_with(batch.id, "big.jpg", len(PICTURE), PICTURE[:900]).headers["location"]
    settings.MIN_FREE_BYTES = 3 * MIB

    answers = [
        tus.patch(location, 900, PICTURE[900:]),
        tus.create(batch.id, "second.jpg", len(PICTURE)),
        tus.create_with(batch.id, "third.jpg", len(PICTURE), PICTURE),
    ]
    settings.MIN_FREE_BYTES = 2 * MIB

    assert [(one.status, one.text.partition(":")[0]) for one in answers] == [(507, "storage.full")] * 3
    assert tus.patch(location, 900, PICTURE[900:]).status == 204
    assert stored() == PICTURE


def test_receive_file_refuses_a_file_that_may_be_sent_again(batch: UploadBatch, disk: SmallDisk) -> None:
    name = FileName("big.jpg", len(PICTURE))
    full = receive_file(batch, name, BytesIO(PICTURE))
    left = partial_path(batch.items.get().id).exists()
    disk.remount("size=4m,ro")
    read_only = receive_file(batch, name, BytesIO(PICTURE))
    disk.remount("rw")

    again = receive_file(batch, name, BytesIO(PICTURE))

    assert (full.code, read_only.code, left) == ("storage.full", "storage.read_only", False)
    assert (again.state, stored() == PICTURE) == ("queued", True)
    assert_counters_match(batch)


def test_bytes_that_cannot_be_synced_are_sent_again(
    settings: Settings, tus: TusClient, batch: UploadBatch, partial_root: Path
) -> None:
    settings.PARTIAL_SECONDS = 1e9  # /dev/null looks expired: it was last modified at boot
    location = tus.create(batch.id, "cat.jpg", 5000).headers["location"]
    partial_root.mkdir()
    partial_path(batch.items.get().id).symlink_to("/dev/null")  # accepts bytes but cannot sync them

    answer = tus.patch(location, 0, PICTURE[:5000])

    assert (answer.status, answer.text.partition(":")[0]) == (507, "storage.failed")
    assert tus.head(location).offset == 0
    assert tus.patch(location, 0, PICTURE[:5000]).status == 204
    assert default_storage.exists(f"originals/{Upload.objects.get().key.hex[:2]}/{Upload.objects.get().key.hex}")
