"""What is stored when a finalization is interrupted, repeated, refused, cancelled or run concurrently."""

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
from batches.intake.partial_file import locked_partial
from batches.intake.partial_paths import partial_path
from batches.models import BatchItem, UploadBatch
from tests.intake.tus_client import TusClient
from tests.support.batches import assert_counters_match
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


def complete_partial(batch: UploadBatch, name: str, data: bytes = JPEG) -> BatchItem:
    """Create an item whose partial file is complete but not finalized, as after a crash."""
    item, _ = incoming.register_item(batch.id, FileName(name, len(data)).as_new_file())
    with locked_partial(item.id) as partial:
        partial.append(data)
    return item


def test_finalize_interrupted_before_the_commit_is_repeated_by_a_head(tus: TusClient, batch: UploadBatch) -> None:
    item = complete_partial(batch, "cat.jpg")

    answer = tus.head(f"/tus/{item.id}")

    assert (answer.status, answer.offset) == (200, len(JPEG))
    assert is_stored(Upload.objects.get())
    assert batch.items.get().status == "pending"
    assert not partial_path(item.id).exists()


def test_finalize_interrupted_after_the_commit_leaves_only_a_partial_file(tus: TusClient, batch: UploadBatch) -> None:
    location = tus.create(batch.id, "cat.jpg", len(JPEG)).headers["location"]
    tus.patch(location, 0, JPEG)
    item = batch.items.get()
    partial_path(item.id).write_bytes(JPEG)

    assert tus.head(location).offset == len(JPEG)

    assert not partial_path(item.id).exists()
    assert Upload.objects.count() == 1


def test_finalize_that_the_database_refused_is_repeated_without_orphans(
    tus: TusClient, batch: UploadBatch, ada: User
) -> None:
    location = tus.create(batch.id, "cat.jpg", len(JPEG)).headers["location"]
    before = originals()
    with connection.cursor() as cursor:
        # The database refuses the item after the Upload is inserted and then rolls back, so the stored file has no row.
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
    assert_counters_match(batch)


def test_finalize_in_a_cancelled_batch_keeps_nothing(batch: UploadBatch, ada: User) -> None:
    item = complete_partial(batch, "cat.jpg")
    before = originals()
    # This is the state between the first and the second commit of a cancellation.
    UploadBatch.objects.filter(id=batch.id).update(status="cancelled", cancelling=True, completed_at=timezone.now())

    with locked_partial(item.id) as partial, pytest.raises(BatchClosed):
        finalize.finalize_item(item, ada.id, partial)

    assert originals() == before
    assert not Upload.objects.exists()
    assert not partial_path(item.id).exists()


def test_finalize_of_the_same_bytes_at_the_same_time_stores_them_once(
    ada: User, batch: UploadBatch, partial_root: Path
) -> None:
    items = [complete_partial(batch, f"{number}.jpg") for number in range(6)]
    start = threading.Barrier(len(items))
    outcomes = []

    def finalize_in_thread(item: BatchItem) -> None:
        try:
            start.wait(60)
            with locked_partial(item.id) as partial:
                outcomes.append(finalize.finalize_item(item, ada.id, partial).state)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=finalize_in_thread, args=[item]) for item in items]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert outcomes == ["queued"] * 6
    assert is_stored(Upload.objects.get())
    assert not list(partial_root.iterdir())
    assert_counters_match(batch)


def test_only_the_first_file_creates_the_storage_directory(
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
    assert_counters_match(batch)
