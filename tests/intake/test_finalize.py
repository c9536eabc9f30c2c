"""A completely received file is stored once, recognised as a duplicate, or refused."""

import io
from pathlib import Path
from typing import ClassVar

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from batches.engine import lifecycle
from batches.intake.file_name import FileName
from batches.intake.receive import receive_file
from batches.models import BatchItem, UploadBatch
from tests.intake.tus_client import TusClient
from tests.support.batches import assert_counters_match
from tests.support.images import encoded, textured
from tests.support.users import make_user
from uploads.models import Upload
from uploads.storage import delete_files, local_copy
from uploads.storage.disk import DiskStorage

pytestmark = pytest.mark.django_db(transaction=True)
JPEG = encoded(textured(320, 240), "JPEG")


def is_stored(upload: Upload) -> bool:
    with local_copy(upload.key) as path:
        return path.read_bytes() == JPEG


def test_stored_bytes_complete_at_once(tus: TusClient, batch: UploadBatch) -> None:
    tus.send(batch.id, "cat.jpg", JPEG)
    Upload.objects.update(processed_at=timezone.now())

    answer = tus.send(batch.id, "copy of cat.jpg", JPEG)

    copy = batch.items.get(filename="copy of cat.jpg")
    assert (answer.status, answer.offset) == (204, len(JPEG))
    assert (copy.status, copy.result, copy.upload) == ("completed", "duplicate", Upload.objects.get())
    assert_counters_match(batch)


def test_bytes_that_are_still_being_processed_are_queued(tus: TusClient, batch: UploadBatch) -> None:
    tus.send(batch.id, "cat.jpg", JPEG)

    tus.send(batch.id, "copy of cat.jpg", JPEG)

    assert sorted(batch.items.values_list("status", "result")) == [("pending", ""), ("pending", "")]
    assert_counters_match(batch)


def test_bytes_that_failed_before_are_queued_again(tus: TusClient, batch: UploadBatch, ada: User) -> None:
    tus.send(batch.id, "cat.jpg", JPEG)
    BatchItem.objects.update(status="failed", queue_position=None, finished_at=timezone.now())
    UploadBatch.objects.update(failed=1)
    again = lifecycle.open_batch(ada.id, "Again")

    tus.send(again.id, "cat.jpg", JPEG)

    assert again.items.get().status == "pending"
    assert again.items.get().upload == Upload.objects.get()


def test_files_are_never_shared_between_owners(tus: TusClient, batch: UploadBatch) -> None:
    bob = make_user("bob")
    tus.send(batch.id, "cat.jpg", JPEG)

    TusClient(bob).send(lifecycle.open_batch(bob.id, "Mine").id, "cat.jpg", JPEG)

    mine = Upload.objects.get(owner=bob)
    assert Upload.objects.count() == 2
    assert is_stored(mine)
    assert mine.items.get().status == "pending"


def test_bytes_missing_in_storage_are_stored_again(tus: TusClient, batch: UploadBatch) -> None:
    tus.send(batch.id, "cat.jpg", JPEG)
    upload = Upload.objects.get()
    delete_files(upload.key, {})

    tus.send(batch.id, "copy of cat.jpg", JPEG)

    assert is_stored(upload)


@pytest.mark.parametrize(
    ("data", "message"),
    [(b"%PDF-1.7 and so on", "PDF"), (b"hello, I am no picture", "Text files"), (bytes(64), "an unrecognized type")],
)
def test_unsupported_content_is_refused_with_a_message(
    tus: TusClient, batch: UploadBatch, partial_root: Path, data: bytes, message: str
) -> None:
    answer = tus.send(batch.id, "cat.jpg", data)
    again = tus.create(batch.id, "cat.jpg", len(data))

    item = batch.items.get()
    assert (answer.status, again.status) == (422, 422)
    assert answer.text == again.text == f"file.unsupported: {item.error_message}"
    assert message in item.error_message
    assert (item.status, item.error_code) == ("failed", "file.unsupported")
    assert not Upload.objects.exists()
    assert not list(partial_root.iterdir())
    assert_counters_match(batch)


def test_batch_whose_files_are_all_refused_completes(tus: TusClient, batch: UploadBatch) -> None:
    for name in ("a.txt", "b.txt"):
        tus.send(batch.id, name, b"no picture")
    empty = tus.create(batch.id, "empty.jpg", 0)

    lifecycle.seal_batch(batch.id)

    batch.refresh_from_db()
    assert (empty.status, empty.offset) == (201, 0)
    assert empty.text.startswith("file.empty: ")
    assert (batch.status, batch.failed, batch.total) == ("completed", 3, 3)


def test_file_over_a_limit_is_refused_and_counted_once(tus: TusClient, batch: UploadBatch, settings: Settings) -> None:
    settings.MAX_FILE_BYTES = 1000
    answers = [tus.create(batch.id, "big.jpg", 1001) for _ in range(2)]
    settings.MAX_BATCH_FILES = 1
    full = tus.create(batch.id, "one more.jpg", 10)

    assert [answer.status for answer in answers] == [413, 413]
    assert answers[0].text == answers[1].text
    assert answers[0].text.startswith("file.too_large: ")
    assert (full.status, full.text.partition(":")[0]) == (413, "batch.full")
    assert_counters_match(batch)
    assert (batch.total, batch.failed) == (1, 1)


def test_receive_file_finalizes_as_tus_does(batch: UploadBatch, tmp_path: Path) -> None:
    source = tmp_path / "cat.jpg"
    source.write_bytes(JPEG)
    name = FileName("cat.jpg", len(JPEG))

    with source.open("rb") as stream:
        first = receive_file(batch, name, stream)
    with source.open("rb") as stream:
        second = receive_file(batch, name, stream)

    assert first.state == second.state == "queued"
    assert is_stored(Upload.objects.get())
    assert batch.items.count() == 1


class RecordingDisk(DiskStorage):
    """A storage that records whether a transaction is open when it stores a file."""

    stored: ClassVar[list[bool]] = []

    def store_file(self, source: Path, name: str) -> None:
        self.stored.append(connection.in_atomic_block)
        super().store_file(source, name)


def test_no_transaction_is_open_while_a_file_is_stored(batch: UploadBatch, settings: Settings) -> None:
    recording = settings.STORAGES["default"] | {"BACKEND": f"{__name__}.RecordingDisk"}
    settings.STORAGES = settings.STORAGES | {"default": recording}

    receive_file(batch, FileName("cat.jpg", len(JPEG)), io.BytesIO(JPEG))

    assert RecordingDisk.stored == [False]
