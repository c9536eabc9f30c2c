"""Finalizing uploads into a bucket loses and orphans no files, despite crashes, races, cancellations and outages."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, connections
from django.utils import timezone

from batches.engine import incoming, lifecycle
from batches.engine.refusals import BatchClosed
from batches.intake import finalize
from batches.intake.file_name import FileName
from batches.intake.partial_file import locked_partial
from batches.intake.partial_paths import partial_path
from batches.models import BatchItem, UploadBatch
from batches.models.states import BatchStatus
from tests.support.batches import assert_counters_match
from tests.support.bucket_server import Bucket
from tests.support.images import encoded, textured
from uploads.models import Upload
from uploads.storage import local_copy, original_name

pytestmark = pytest.mark.django_db(transaction=True)
JPEG = encoded(textured(320, 240), "JPEG")


def received_item(batch: UploadBatch, name: str) -> BatchItem:
    """Create an item whose file is completely received but not finalized."""
    item, _ = incoming.register_item(batch.id, FileName(name, len(JPEG)).as_new_file())
    with locked_partial(item.id) as part:
        part.append(JPEG)
    return item


def finalize_file(item: BatchItem, owner: User) -> str:
    with locked_partial(item.id) as part:
        return finalize.finalize_item(item, owner.id, part).state


@contextmanager
def failing_item_updates() -> Iterator[None]:
    """Make every update of an item fail, so that finalizing inserts an upload but cannot commit it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'out of order' USING ERRCODE = 'io_error'; END $$; "
            "CREATE TRIGGER refuse BEFORE UPDATE ON batches_batchitem EXECUTE FUNCTION refuse()"
        )
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER refuse ON batches_batchitem; DROP FUNCTION refuse()")


def test_finalizing_again_after_a_crash_leaves_no_orphans(bucket: Bucket, owner: User) -> None:
    batch = lifecycle.open_batch(owner.id, "Iceland")
    item = received_item(batch, "cat.jpg")
    with failing_item_updates(), pytest.raises(DatabaseError):
        finalize_file(item, owner)
    after_crash = bucket.names()

    assert finalize_file(item, owner) == "queued"

    upload = Upload.objects.get()
    assert after_crash == bucket.names() == {f"home/library/{original_name(upload.key)}"}
    with local_copy(upload.key) as path:
        assert path.read_bytes() == JPEG
    assert not partial_path(item.id).exists()
    assert_counters_match(batch)


def test_crash_before_a_duplicate_is_finalized_leaves_no_orphans(bucket: Bucket, owner: User) -> None:
    batch = lifecycle.open_batch(owner.id, "Iceland")
    cut, whole = received_item(batch, "cat.jpg"), received_item(batch, "copy.jpg")
    with failing_item_updates(), pytest.raises(DatabaseError):
        finalize_file(cut, owner)

    finalize_file(whole, owner)
    finalize_file(cut, owner)

    assert bucket.names() == {f"home/library/{original_name(Upload.objects.get().key)}"}
    assert_counters_match(batch)


def test_concurrent_duplicates_are_stored_once(bucket: Bucket, owner: User) -> None:
    batch = lifecycle.open_batch(owner.id, "Iceland")
    items = [received_item(batch, f"{number}.jpg") for number in range(4)]

    def finalize_in_thread(item: BatchItem) -> str:
        try:
            return finalize_file(item, owner)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(items)) as threads:
        outcomes = list(threads.map(finalize_in_thread, items))

    assert outcomes == ["queued"] * 4
    assert bucket.names() == {f"home/library/{original_name(Upload.objects.get().key)}"}
    assert_counters_match(batch)


def test_storage_outage_keeps_the_partial_file(bucket: Bucket, owner: User) -> None:
    batch = lifecycle.open_batch(owner.id, "Iceland")
    item = received_item(batch, "cat.jpg")
    bucket.server.stop()
    with pytest.raises(ConnectionError):
        finalize_file(item, owner)
    assert not Upload.objects.exists()

    bucket.server.start()

    assert finalize_file(item, owner) == "queued"
    assert_counters_match(batch)


def test_file_of_a_cancelled_batch_is_not_stored(bucket: Bucket, owner: User) -> None:
    batch = lifecycle.open_batch(owner.id, "Iceland")
    item = received_item(batch, "cat.jpg")
    # The state between the two commits of a cancellation.
    UploadBatch.objects.filter(id=batch.id).update(
        status=BatchStatus.CANCELLED, cancelling=True, completed_at=timezone.now()
    )

    with pytest.raises(BatchClosed):
        finalize_file(item, owner)

    assert bucket.names() == set()
