"""The end of an upload into a bucket that is cut, raced, cancelled or away: nothing is lost, nothing is orphaned."""

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
from tests.s3.bucket_server import BucketServer
from tests.support.batches import assert_counters_true
from tests.support.images import encoded, textured
from uploads.models import Upload
from uploads.storage import local_copy, original_name

pytestmark = pytest.mark.django_db(transaction=True)
JPEG = encoded(textured(320, 240), "JPEG")


def waiting_part(batch: UploadBatch, name: str) -> BatchItem:
    """A file that is completely here but not ended."""
    item, _ = incoming.register_item(batch.id, FileName(name, len(JPEG)).as_new_file())
    with locked_partial(item.id) as part:
        part.append(JPEG)
    return item


def end(item: BatchItem, owner: User) -> str:
    """End a file whose part waits, as the doors do."""
    with locked_partial(item.id) as part:
        return finalize.finalize_item(item, owner.id, part).state


@contextmanager
def database_that_refuses_items() -> Iterator[None]:
    """The row of the Upload is written, then the item is refused: nothing is committed."""
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


def test_crash_between_store_and_commit_is_repeated_without_orphans(bucket: BucketServer, owner: User) -> None:
    batch = lifecycle.open_batch(owner.id, "Iceland")
    item = waiting_part(batch, "cat.jpg")
    with database_that_refuses_items(), pytest.raises(DatabaseError):
        end(item, owner)
    in_between = bucket.names()

    assert end(item, owner) == "queued"

    upload = Upload.objects.get()
    assert in_between == bucket.names() == {f"home/library/{original_name(upload.key)}"}
    with local_copy(upload.key) as path:
        assert path.read_bytes() == JPEG
    assert not partial_path(item.id).exists()
    assert_counters_true(batch)


def test_crash_before_the_same_bytes_come_by_another_way_leaves_no_orphan(bucket: BucketServer, owner: User) -> None:
    batch = lifecycle.open_batch(owner.id, "Iceland")
    cut, whole = waiting_part(batch, "cat.jpg"), waiting_part(batch, "copy.jpg")
    with database_that_refuses_items(), pytest.raises(DatabaseError):
        end(cut, owner)

    end(whole, owner)
    end(cut, owner)

    assert bucket.names() == {f"home/library/{original_name(Upload.objects.get().key)}"}
    assert_counters_true(batch)


def test_same_bytes_ending_at_the_same_time_are_one_object(bucket: BucketServer, owner: User) -> None:
    batch = lifecycle.open_batch(owner.id, "Iceland")
    items = [waiting_part(batch, f"{number}.jpg") for number in range(4)]

    def end_in_thread(item: BatchItem) -> str:
        try:
            return end(item, owner)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(items)) as threads:
        outcomes = list(threads.map(end_in_thread, items))

    assert outcomes == ["queued"] * 4
    assert bucket.names() == {f"home/library/{original_name(Upload.objects.get().key)}"}
    assert_counters_true(batch)


def test_server_away_at_the_end_of_an_upload_keeps_the_part(bucket: BucketServer, owner: User) -> None:
    batch = lifecycle.open_batch(owner.id, "Iceland")
    item = waiting_part(batch, "cat.jpg")
    bucket.stop()
    with pytest.raises(ConnectionError):
        end(item, owner)
    assert not Upload.objects.exists()

    bucket.start()

    assert end(item, owner) == "queued"
    assert_counters_true(batch)


def test_file_of_a_cancelled_batch_leaves_nothing_in_the_bucket(bucket: BucketServer, owner: User) -> None:
    batch = lifecycle.open_batch(owner.id, "Iceland")
    item = waiting_part(batch, "cat.jpg")
    # The state that a cancel leaves between its first and its second commit.
    UploadBatch.objects.filter(id=batch.id).update(status=BatchStatus.CANCELLED, completed_at=timezone.now())

    with pytest.raises(BatchClosed):
        end(item, owner)

    assert bucket.names() == set()
