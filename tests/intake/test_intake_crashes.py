"""The ending of a file that is cut, repeated, refused by the database, cancelled or raced: nothing is lost."""

import os
import threading
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.db import connection, connections
from django.utils import timezone
from pytest_django.fixtures import Settings

from batches.engine import incoming
from batches.engine.refusals import BatchClosed
from batches.intake import finalize
from batches.intake.file_name import FileName
from batches.intake.partial_file import PartialFileBusy, locked_partial
from batches.intake.partial_paths import partial_path
from batches.models import BatchItem, UploadBatch
from tests.intake.tus_client import TusClient
from tests.support.batches import assert_counters_true
from tests.support.images import encoded, textured
from uploads.models import Upload
from uploads.storage import local_copy, original_name

pytestmark = pytest.mark.django_db(transaction=True)
JPEG = encoded(textured(320, 240), "JPEG")


def originals() -> set[str]:
    root = Path(default_storage.path("originals"))
    return {str(path) for path in root.rglob("*") if path.is_file()}


def is_stored(upload: Upload) -> bool:
    with local_copy(upload.key) as path:
        return path.read_bytes() == JPEG


def waiting_part(batch: UploadBatch, name: str, data: bytes = JPEG) -> BatchItem:
    """A file that is completely here but not ended, as a crash leaves it."""
    item, _ = incoming.register_item(batch.id, FileName(name, len(data)).as_new_file())
    with locked_partial(item.id) as part:
        part.append(data)
    return item


def test_ending_cut_before_the_commit_goes_on_when_asked(tus: TusClient, batch: UploadBatch) -> None:
    item = waiting_part(batch, "cat.jpg")

    answer = tus.head(f"/tus/{item.id}")

    assert (answer.status, answer.offset) == (200, len(JPEG))
    assert is_stored(Upload.objects.get())
    assert batch.items.get().status == "pending"
    assert not partial_path(item.id).exists()


def test_ending_cut_after_the_commit_leaves_only_a_part_to_remove(tus: TusClient, batch: UploadBatch) -> None:
    location = tus.create(batch.id, "cat.jpg", len(JPEG)).headers["location"]
    tus.patch(location, 0, JPEG)
    item = batch.items.get()
    partial_path(item.id).write_bytes(JPEG)

    assert tus.head(location).offset == len(JPEG)

    assert not partial_path(item.id).exists()
    assert Upload.objects.count() == 1


def test_ending_with_a_lost_database_is_repeated_without_orphans(tus: TusClient, batch: UploadBatch, ada: User) -> None:
    location = tus.create(batch.id, "cat.jpg", len(JPEG)).headers["location"]
    before = originals()
    with connection.cursor() as cursor:
        # The row of the Upload is written, then the database refuses the item: what was stored has no row.
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'out of order' USING ERRCODE = 'io_error'; END $$; "
            "CREATE TRIGGER refuse BEFORE UPDATE ON batches_batchitem EXECUTE FUNCTION refuse()"
        )
    try:
        failed = tus.patch(location, 0, JPEG)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER refuse ON batches_batchitem; DROP FUNCTION refuse()")
    in_between = originals() - before

    again = tus.head(location)

    assert (failed.status, again.offset) == (503, len(JPEG))
    assert len(in_between) == 1
    assert originals() - before == in_between
    assert default_storage.path(original_name(Upload.objects.get(owner=ada).key)) in in_between
    assert_counters_true(batch)


def test_ending_for_a_batch_cancelled_meanwhile_keeps_nothing(batch: UploadBatch, ada: User) -> None:
    item = waiting_part(batch, "cat.jpg")
    before = originals()
    # The state that a cancel leaves between its first and its second commit.
    UploadBatch.objects.filter(id=batch.id).update(status="cancelled", completed_at=timezone.now())

    with locked_partial(item.id) as part, pytest.raises(BatchClosed):
        finalize.finalize_item(item, ada.id, part)

    assert originals() == before
    assert not Upload.objects.exists()
    assert not partial_path(item.id).exists()


def test_ending_of_the_same_bytes_at_the_same_time_keeps_one(ada: User, batch: UploadBatch, parts: Path) -> None:
    items = [waiting_part(batch, f"{number}.jpg") for number in range(6)]
    start = threading.Barrier(len(items))
    outcomes = []

    def end(item: BatchItem) -> None:
        try:
            start.wait(60)
            with locked_partial(item.id) as part:
                outcomes.append(finalize.finalize_item(item, ada.id, part).state)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=end, args=[item]) for item in items]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert outcomes == ["queued"] * 6
    assert is_stored(Upload.objects.get())
    assert not list(parts.iterdir())
    assert_counters_true(batch)


def test_part_that_lies_in_storage_already_is_begun_as_another_file(tmp_path: Path, settings: Settings) -> None:
    settings.PARTIAL_ROOT = tmp_path
    stored = tmp_path / "stored"
    with locked_partial(7) as part:
        part.append(b"all of it")
        os.link(part.path, stored)  # and here the process was killed

    with locked_partial(7) as part:
        part.truncate(0)
        part.append(b"half")
        with pytest.raises(PartialFileBusy), locked_partial(7):
            pass

    assert stored.read_bytes() == b"all of it"
    assert partial_path(7).read_bytes() == b"half"


def test_first_file_begins_the_storage_and_a_later_one_waits_for_a_disk_that_is_not_mounted(
    tus: TusClient, batch: UploadBatch, settings: Settings, tmp_path: Path
) -> None:
    media, other = tmp_path / "media", encoded(textured(200, 100), "JPEG")
    disk = settings.STORAGES["default"] | {"OPTIONS": {"location": media}}
    settings.STORAGES = settings.STORAGES | {"default": disk}

    first = tus.create_with(batch.id, "first.jpg", len(JPEG), JPEG)
    media.rename(tmp_path / "mounted")
    media.mkdir()
    refused = tus.create_with(batch.id, "second.jpg", len(other), other)
    waits = batch.items.get(filename="second.jpg").status
    media.rmdir()
    (tmp_path / "mounted").rename(media)
    again = tus.create_with(batch.id, "second.jpg", len(other), other)

    assert (first.status, again.status) == (201, 201)
    assert (refused.status, refused.text.partition(":")[0], waits) == (507, "storage.away", "receiving")
    assert len(originals()) == 2
    assert_counters_true(batch)
