"""A picture that several items share is analysed once, and every item finishes."""

from collections import Counter
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from batches.engine import claim, incoming, lifecycle
from batches.models import UploadBatch
from batches.models.states import BatchStatus
from tests.conftest import StartWorker
from tests.support.batches import assert_counters_match, digest, make_batch
from tests.support.waiting import wait_until
from uploads.models import Upload

pytestmark = pytest.mark.django_db(transaction=True)
WORKER = 4711
FILES = 30


def batch_of(owner: User, uploads: list[int]) -> UploadBatch:
    """Create a sealed batch with one item for each picture id in `uploads`."""
    batch = lifecycle.open_batch(owner.id, "Again")
    for number, upload in enumerate(uploads):
        file = incoming.NewFile(f"{number}.jpg", f"{number}.jpg", digest(batch.id, number), 1000)
        incoming.queue_item(incoming.register_item(batch.id, file)[0].id, upload)
    lifecycle.seal_batch(batch.id)
    return batch


def pictures_of(batch: UploadBatch) -> list[int]:
    return [upload for (upload,) in batch.items.order_by("id").values_list("upload_id") if upload]


def test_item_waits_while_its_picture_is_processed_for_another(owner: User) -> None:
    first = make_batch(owner, 1)
    second = batch_of(owner, pictures_of(first))
    assert claim.claim_item(first.id, WORKER) is not None

    assert claim.claim_item(second.id, WORKER) is None


def test_item_of_a_processed_picture_does_not_wait(owner: User) -> None:
    first = make_batch(owner, 1)
    second = batch_of(owner, pictures_of(first))
    Upload.objects.update(processed_at=timezone.now())
    assert claim.claim_item(first.id, WORKER) is not None

    other = claim.claim_item(second.id, WORKER)

    assert other is not None
    assert other.already_processed


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    return tmp_path / "notes"


def finish_all(start_worker: StartWorker, notes: Path) -> None:
    """Start a worker with four threads, wait until it has finished all sealed batches, and check the counters."""
    env = {"TEST_PROCESSOR": "tests.support.processors.recording", "NOTES": str(notes)}
    start_worker(processes=1, threads=4, env=env)
    waiting = UploadBatch.objects.filter(status=BatchStatus.PROCESSING, sealed_at__isnull=False)
    wait_until(lambda: not waiting.exists(), 60)
    for batch in UploadBatch.objects.all():
        assert_counters_match(batch)


def analysed_twice(notes: Path) -> int:
    return sum(count > 1 for count in Counter(notes.read_text().split()).values())


def test_pictures_shared_by_batches_and_items_are_analysed_once(
    owner: User, start_worker: StartWorker, notes: Path
) -> None:
    first, paused = make_batch(owner, FILES), make_batch(owner, FILES)
    lifecycle.seal_batch(first.id)
    UploadBatch.objects.filter(id=paused.id).update(status=BatchStatus.PAUSED)
    second = batch_of(owner, pictures_of(first))
    twice = batch_of(owner, [picture for picture in pictures_of(paused) for _ in range(2)])

    finish_all(start_worker, notes)

    assert analysed_twice(notes) == 0
    assert len(notes.read_text().split()) == 2 * FILES
    second.refresh_from_db()
    twice.refresh_from_db()
    assert (second.successful, twice.successful) == (FILES, 2 * FILES)
