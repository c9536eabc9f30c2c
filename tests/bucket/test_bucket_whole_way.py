"""Real files into a bucket, through real workers, and out again; also while its server goes away or the row fails."""

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone

from batches.engine import arrive, claim
from batches.engine.errors import BatchClosed
from batches.engine.hold import hold
from batches.engine.work import work_on
from batches.intake import ending
from batches.intake.parts import locked_part, part_path
from batches.intake.receive import FileName, receive_path
from batches.models import BatchItem, UploadBatch
from batches.progress import read_snapshot
from batches.states import BatchStatus, ItemStatus
from bench.images import make_jpegs
from tests.bucket.server import BucketServer
from tests.conftest import StartWorker
from tests.pictures import encoded, textured
from tests.rows import assert_counters_true
from tests.test_whole_way import SAMPLES, send, wait_completed
from tests.waiting import wait_until
from uploads.addresses import preview_address
from uploads.models import Upload
from uploads.storage import delete_files, local_copy, original_name

pytestmark = pytest.mark.django_db(transaction=True)
JPEG = encoded(textured(320, 240), "JPEG")


def waiting_part(batch: UploadBatch, name: str) -> BatchItem:
    """A file that is completely here but not ended."""
    item, _ = arrive.add_item(batch.id, FileName(name, len(JPEG)).as_new_file())
    with locked_part(item.id) as part:
        part.append(JPEG)
    return item


def end(item: BatchItem, owner: User) -> str:
    """End a file whose part waits, as the doors do."""
    with locked_part(item.id) as part:
        return ending.end_item(item, owner.id, part).state


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


def test_picture_goes_in_is_described_is_seen_and_is_deleted(
    bucket: BucketServer, owner: User, start_worker: StartWorker
) -> None:
    batch = send(owner, [SAMPLES / "chelsea.jpg"])
    start_worker(processes=1, threads=1, env=bucket.environment())
    wait_completed(batch)
    upload = Upload.objects.get()
    client = Client()
    client.force_login(owner)

    seen = client.get(preview_address(upload, 320))
    with urllib.request.urlopen(seen.headers["Location"]) as answer:
        preview = answer.read()
    delete_files(upload.key, upload.previews)

    assert (batch.successful, batch.failed) == (1, 0)
    assert "cat" in upload.description.lower()
    assert preview.startswith(b"\xff\xd8")
    assert bucket.names() == set()


def test_server_away_in_mid_batch_fails_no_file_and_work_goes_on(
    bucket: BucketServer, owner: User, start_worker: StartWorker, tmp_path: Path
) -> None:
    batch = send(owner, make_jpegs(tmp_path / "photos", 60, (640, 480)))
    start_worker(processes=1, threads=2, env=bucket.environment())
    wait_until(lambda: batch.items.filter(status=ItemStatus.COMPLETED).count() >= 3, 40)

    bucket.stop()

    def said() -> str:
        snapshot = read_snapshot(batch.id)
        return snapshot.waiting_for if snapshot else ""

    wait_until(lambda: said() != "", 30)
    assert said().startswith("Waiting for the storage: ")
    assert batch.items.filter(status=ItemStatus.COMPLETED).count() < 60
    bucket.start()
    wait_completed(batch)
    assert (batch.successful, batch.failed) == (60, 0)


def test_stored_file_that_is_missing_fails_alone(bucket: BucketServer, owner: User) -> None:
    batch = send(owner, [SAMPLES / "coffee.jpg", SAMPLES / "rocket.jpg"])
    gone = Upload.objects.get(filename="coffee.jpg")
    delete_files(gone.key, {})

    while (taken := claim.claim_item(batch.id, 4711)) is not None:
        work_on(taken)

    assert_counters_true(batch)
    assert dict(batch.items.values_list("filename", "error_code")) == {"coffee.jpg": "file.missing", "rocket.jpg": ""}
    assert hold.waiting_for() == ("", "")


def test_crash_between_store_and_commit_is_repeated_without_orphans(bucket: BucketServer, owner: User) -> None:
    batch = arrive.open_batch(owner.id, "Iceland")
    item = waiting_part(batch, "cat.jpg")
    with database_that_refuses_items(), pytest.raises(DatabaseError):
        end(item, owner)
    in_between = bucket.names()

    assert end(item, owner) == "queued"

    upload = Upload.objects.get()
    assert in_between == bucket.names() == {f"home/library/{original_name(upload.key)}"}
    with local_copy(upload.key) as path:
        assert path.read_bytes() == JPEG
    assert not part_path(item.id).exists()
    assert_counters_true(batch)


def test_crash_before_the_same_bytes_come_by_another_way_leaves_no_orphan(bucket: BucketServer, owner: User) -> None:
    batch = arrive.open_batch(owner.id, "Iceland")
    cut, whole = waiting_part(batch, "cat.jpg"), waiting_part(batch, "copy.jpg")
    with database_that_refuses_items(), pytest.raises(DatabaseError):
        end(cut, owner)

    end(whole, owner)
    end(cut, owner)

    assert bucket.names() == {f"home/library/{original_name(Upload.objects.get().key)}"}
    assert_counters_true(batch)


def test_server_away_at_the_end_of_an_upload_keeps_the_part(bucket: BucketServer, owner: User, tmp_path: Path) -> None:
    batch = arrive.open_batch(owner.id, "Iceland")
    item = waiting_part(batch, "cat.jpg")
    bucket.stop()
    with pytest.raises(ConnectionError):
        end(item, owner)
    assert not Upload.objects.exists()

    bucket.start()

    assert end(item, owner) == "queued"
    assert_counters_true(batch)


def test_file_of_a_cancelled_batch_leaves_nothing_in_the_bucket(bucket: BucketServer, owner: User) -> None:
    batch = arrive.open_batch(owner.id, "Iceland")
    item = waiting_part(batch, "cat.jpg")
    # The state that a cancel leaves between its first and its second commit.
    UploadBatch.objects.filter(id=batch.id).update(status=BatchStatus.CANCELLED, completed_at=timezone.now())

    with pytest.raises(BatchClosed):
        end(item, owner)

    assert bucket.names() == set()


def test_ingest_of_a_folder_lands_in_the_bucket(bucket: BucketServer, owner: User, tmp_path: Path) -> None:
    batch = arrive.open_batch(owner.id, "Iceland")

    outcomes = [receive_path(batch, path, path.name).state for path in make_jpegs(tmp_path / "photos", 3, (64, 64))]

    assert outcomes == ["queued"] * 3
    assert len(bucket.names()) == 3
    assert not list((tmp_path / "parts").iterdir())
