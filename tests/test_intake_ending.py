"""What becomes of a file that is here: kept once, known, or refused; also after crashes and in races."""

import threading
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.db import connection, connections
from django.utils import timezone
from pytest_django import Settings

from batches.engine import arrive
from batches.engine.errors import BatchClosed
from batches.intake import ending
from batches.intake.parts import locked_part, part_path
from batches.intake.receive import FileName, receive_file
from batches.models import BatchItem, UploadBatch
from tests.people import make_person
from tests.pictures import encoded, textured
from tests.rows import assert_counters_true
from tests.tus_client import TusClient
from uploads.models import Upload
from uploads.storage import delete_files, local_copy, original_name

pytestmark = pytest.mark.django_db(transaction=True)
JPEG = encoded(textured(320, 240), "JPEG")


@pytest.fixture(autouse=True)
def parts(settings: Settings, tmp_path: Path) -> Path:
    settings.PARTS_ROOT = tmp_path / "parts"
    return tmp_path / "parts"


@pytest.fixture
def ada() -> User:
    return make_person("ada")


@pytest.fixture
def batch(ada: User) -> UploadBatch:
    return arrive.open_batch(ada.id, "Iceland")


@pytest.fixture
def tus(ada: User) -> TusClient:
    return TusClient(ada)


def originals() -> set[str]:
    root = Path(default_storage.path("originals"))
    return {str(path) for path in root.rglob("*") if path.is_file()}


def is_stored(upload: Upload) -> bool:
    with local_copy(upload.key) as path:
        return path.read_bytes() == JPEG


def waiting_part(batch: UploadBatch, name: str, data: bytes = JPEG) -> BatchItem:
    """A file that is completely here but not ended, as a crash leaves it."""
    item, _ = arrive.add_item(batch.id, FileName(name, len(data)).as_new_file())
    with locked_part(item.id) as part:
        part.append(data)
    return item


def test_ending_of_known_bytes_completes_at_once(tus: TusClient, batch: UploadBatch) -> None:
    tus.send(batch.id, "cat.jpg", JPEG)
    Upload.objects.update(processed_at=timezone.now())

    answer = tus.send(batch.id, "copy of cat.jpg", JPEG)

    copy = batch.items.get(filename="copy of cat.jpg")
    assert (answer.status, answer.offset) == (204, len(JPEG))
    assert (copy.status, copy.duplicate, copy.upload) == ("completed", True, Upload.objects.get())
    assert_counters_true(batch)


def test_ending_of_bytes_in_work_completes_as_known(tus: TusClient, batch: UploadBatch) -> None:
    tus.send(batch.id, "cat.jpg", JPEG)

    tus.send(batch.id, "copy of cat.jpg", JPEG)

    assert sorted(batch.items.values_list("status", "duplicate")) == [("completed", True), ("pending", False)]
    assert_counters_true(batch)


def test_ending_of_bytes_that_failed_before_queues_them_anew(tus: TusClient, batch: UploadBatch, ada: User) -> None:
    tus.send(batch.id, "cat.jpg", JPEG)
    BatchItem.objects.update(status="failed", queue_position=None, finished_at=timezone.now())
    UploadBatch.objects.update(failed=1)
    again = arrive.open_batch(ada.id, "Again")

    tus.send(again.id, "cat.jpg", JPEG)

    assert again.items.get().status == "pending"
    assert again.items.get().upload == Upload.objects.get()


def test_ending_never_shares_between_owners(tus: TusClient, batch: UploadBatch) -> None:
    bob = make_person("bob")
    tus.send(batch.id, "cat.jpg", JPEG)

    TusClient(bob).send(arrive.open_batch(bob.id, "Mine").id, "cat.jpg", JPEG)

    mine = Upload.objects.get(owner=bob)
    assert Upload.objects.count() == 2
    assert is_stored(mine)
    assert mine.items.get().status == "pending"


def test_ending_stores_again_what_storage_has_lost(tus: TusClient, batch: UploadBatch) -> None:
    tus.send(batch.id, "cat.jpg", JPEG)
    upload = Upload.objects.get()
    delete_files(upload.key, {})

    tus.send(batch.id, "copy of cat.jpg", JPEG)

    assert is_stored(upload)


@pytest.mark.parametrize(
    ("data", "words"), [(b"%PDF-1.7 and so on", "PDF"), (b"hello, I am no picture", "text"), (bytes(64), "known kind")]
)
def test_ending_refuses_other_content_in_words(
    tus: TusClient, batch: UploadBatch, parts: Path, data: bytes, words: str
) -> None:
    answer = tus.send(batch.id, "cat.jpg", data)
    again = tus.create(batch.id, "cat.jpg", len(data))

    item = batch.items.get()
    assert (answer.status, again.status) == (422, 422)
    assert answer.text == again.text == f"file.unsupported: {item.error_message}"
    assert words in item.error_message
    assert (item.status, item.error_code) == ("failed", "file.unsupported")
    assert not Upload.objects.exists()
    assert not list(parts.iterdir())
    assert_counters_true(batch)


def test_batch_whose_files_are_all_refused_completes(tus: TusClient, batch: UploadBatch) -> None:
    for name in ("a.txt", "b.txt"):
        tus.send(batch.id, name, b"no picture")
    empty = tus.create(batch.id, "empty.jpg", 0)

    arrive.seal_batch(batch.id)

    batch.refresh_from_db()
    assert (empty.status, empty.offset) == (201, 0)
    assert empty.text.startswith("file.empty: ")
    assert (batch.status, batch.failed, batch.total) == ("completed", 3, 3)


def test_limits_refuse_and_count_once(tus: TusClient, batch: UploadBatch, settings: Settings) -> None:
    settings.MAX_FILE_BYTES = 1000
    answers = [tus.create(batch.id, "big.jpg", 1001) for _ in range(2)]
    settings.MAX_BATCH_FILES = 1
    full = tus.create(batch.id, "one more.jpg", 10)

    assert [answer.status for answer in answers] == [413, 413]
    assert answers[0].text == answers[1].text
    assert answers[0].text.startswith("file.too_large: ")
    assert (full.status, full.text.partition(":")[0]) == (413, "batch.full")
    assert_counters_true(batch)
    assert (batch.total, batch.failed) == (1, 1)


def test_ending_cut_before_the_commit_goes_on_when_asked(tus: TusClient, batch: UploadBatch) -> None:
    item = waiting_part(batch, "cat.jpg")

    answer = tus.head(f"/tus/{item.id}")

    assert (answer.status, answer.offset) == (200, len(JPEG))
    assert is_stored(Upload.objects.get())
    assert batch.items.get().status == "pending"
    assert not part_path(item.id).exists()


def test_ending_cut_after_the_commit_leaves_only_a_part_to_remove(tus: TusClient, batch: UploadBatch) -> None:
    location = tus.create(batch.id, "cat.jpg", len(JPEG)).headers["location"]
    tus.patch(location, 0, JPEG)
    item = batch.items.get()
    part_path(item.id).write_bytes(JPEG)

    assert tus.head(location).offset == len(JPEG)

    assert not part_path(item.id).exists()
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

    with locked_part(item.id) as part, pytest.raises(BatchClosed):
        ending.end_item(item, ada.id, part)

    assert originals() == before
    assert not Upload.objects.exists()
    assert not part_path(item.id).exists()


def test_ending_of_the_same_bytes_at_the_same_time_keeps_one(ada: User, batch: UploadBatch, parts: Path) -> None:
    items = [waiting_part(batch, f"{number}.jpg") for number in range(6)]
    start = threading.Barrier(len(items))
    outcomes = []

    def end(item: BatchItem) -> None:
        try:
            start.wait(10)
            with locked_part(item.id) as part:
                outcomes.append(ending.end_item(item, ada.id, part).state)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=end, args=[item]) for item in items]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert sorted(outcomes) == ["known"] * 5 + ["queued"]
    assert is_stored(Upload.objects.get())
    assert not list(parts.iterdir())
    assert_counters_true(batch)


def test_receive_file_ends_as_tus_does(batch: UploadBatch, tmp_path: Path) -> None:
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
