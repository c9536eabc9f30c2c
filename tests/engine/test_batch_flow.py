"""The lifecycle of a batch: claims, crashes, pausing, cancellation, completion and reopening."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import F

from batches.engine import cancel, claim, complete_batch, finish_item, incoming, lifecycle, pause, recovery, retry
from batches.engine.refusals import BatchClosed
from batches.models import BatchItem, UploadBatch
from batches.models.states import BatchStatus, ItemStatus
from tests.support.batches import assert_counters_match, digest, make_batch, make_upload, next_batch_id

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_grace")]
WORKER = 4711


def synchronous_commit() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        [setting] = cursor.fetchone() or [""]
    return str(setting)


def test_sealed_batch_without_live_items_completes(owner: User) -> None:
    batch = make_batch(owner, files=2)
    lifecycle.seal_batch(batch.id)

    for _ in range(2):
        claimed = claim.claim_item(batch.id, WORKER)
        assert claimed is not None
        assert finish_item.complete_item(claimed)
    complete_batch.complete_batches(batch.id)

    batch.refresh_from_db()
    assert (batch.status, batch.successful, batch.percent) == (BatchStatus.COMPLETED, 2, 100)
    assert_counters_match(batch)


def test_copied_items_of_a_test_batch_equal_received_ones(owner: User) -> None:
    batch = make_batch(owner, files=2)
    copied = BatchItem.objects.filter(batch=batch).latest("id")
    file = incoming.NewFile("IMG_0002.JPG", "Iceland/IMG_0002.JPG", digest(batch.id, 2), 1000)
    received, _ = incoming.register_item(batch.id, file)
    incoming.queue_item(received.id, make_upload(owner, 2).id)

    queued = BatchItem.objects.annotate(place=F("queue_position") - F("id")).values()
    rows = [queued.get(id=item.id) for item in (copied, received)]
    own = {"id", "upload_id", "filename", "relative_path", "fingerprint", "sha256", "name_key", "created_at"}
    own.add("queue_position")
    first, second = [{key: value for key, value in row.items() if key not in own} for row in rows]
    assert first == second


def test_only_the_transaction_that_completes_an_item_commits_asynchronously(owner: User) -> None:
    batch = make_batch(owner, files=1)
    claimed = claim.claim_item(batch.id, WORKER)
    assert claimed is not None
    commits = []

    assert finish_item.complete_item(claimed, lambda: commits.append(synchronous_commit()))

    assert (commits, synchronous_commit()) == (["off"], "on")


def test_stale_finish_changes_nothing(owner: User) -> None:
    batch = make_batch(owner, files=1)
    claimed = claim.claim_item(batch.id, WORKER)
    assert claimed is not None
    recovery.recover_items()
    again = claim.claim_item(batch.id, WORKER, quarantined=True) or claim.claim_item(batch.id, WORKER)
    assert again is not None

    assert not finish_item.complete_item(claimed)
    assert not finish_item.fail_item(claimed, "x", "y")

    batch.refresh_from_db()
    assert batch.successful == batch.failed == 0
    assert finish_item.complete_item(again)
    assert_counters_match(batch)


def test_item_fails_after_three_crashes(owner: User) -> None:
    batch = make_batch(owner, files=1)
    for death in range(3):
        assert claim.claim_item(batch.id, WORKER, quarantined=death > 0) is not None
        assert recovery.recover_items() == 1

    item = BatchItem.objects.get()
    assert (item.status, item.error_code, item.crash_count) == (ItemStatus.FAILED, "item.poison", 3)
    assert_counters_match(batch)


def test_quarantined_item_is_not_claimed_beside_others(owner: User) -> None:
    batch = make_batch(owner, files=1)
    claim.claim_item(batch.id, WORKER)
    recovery.recover_items()

    assert claim.claim_item(batch.id, WORKER) is None
    assert claim.has_quarantined(batch.id)


def test_paused_batch_is_not_claimed_until_it_resumes(owner: User) -> None:
    batch = make_batch(owner, files=2)

    assert pause.pause_batch(batch.id)
    assert claim.claim_item(batch.id, WORKER) is None
    assert next_batch_id() is None

    assert pause.resume_batch(batch.id)
    assert next_batch_id() == batch.id
    assert claim.claim_item(batch.id, WORKER) is not None


def test_cancel_cancels_all_items_and_ignores_a_late_finish(owner: User) -> None:
    batch = make_batch(owner, files=3)
    claimed = claim.claim_item(batch.id, WORKER)
    assert claimed is not None

    assert cancel.cancel_batch(batch.id)

    assert not finish_item.complete_item(claimed)
    assert not cancel.cancel_batch(batch.id)
    batch.refresh_from_db()
    assert (batch.status, batch.cancelled) == (BatchStatus.CANCELLED, 3)
    assert_counters_match(batch)


def test_cancelled_batch_accepts_no_files(owner: User) -> None:
    batch = lifecycle.open_batch(owner.id, "Later")
    item, _ = incoming.register_item(batch.id, incoming.NewFile("a.jpg", "a.jpg", "a" * 64, 1))
    cancel.cancel_batch(batch.id)

    with pytest.raises(BatchClosed):
        incoming.register_item(batch.id, incoming.NewFile("b.jpg", "b.jpg", "b" * 64, 1))
    assert not incoming.queue_item(item.id, make_upload(owner, 99).id)
    assert_counters_match(batch)


def test_registering_a_file_twice_finds_the_same_row(owner: User) -> None:
    batch = lifecycle.open_batch(owner.id, "Twice")
    file = incoming.NewFile("a.jpg", "a.jpg", "a" * 64, 1)

    first, created = incoming.register_item(batch.id, file)
    again, created_again = incoming.register_item(batch.id, file)

    assert (created, created_again) == (True, False)
    assert first == again
    assert_counters_match(batch)


def test_batch_with_all_files_rejected_completes(owner: User) -> None:
    batch = lifecycle.open_batch(owner.id, "Refused")
    item, _ = incoming.register_item(batch.id, incoming.NewFile("a.txt", "a.txt", "a" * 64, 1))

    incoming.reject_item(item.id, "file.unsupported", "a.txt is a text.")
    lifecycle.seal_batch(batch.id)

    batch.refresh_from_db()
    assert (batch.status, batch.failed) == (BatchStatus.COMPLETED, 1)


def test_retry_reopens_a_completed_batch(owner: User) -> None:
    batch = make_batch(owner, files=1)
    claimed = claim.claim_item(batch.id, WORKER)
    assert claimed is not None
    finish_item.fail_item(claimed, "model.answer", "The model gave no answer.")
    lifecycle.seal_batch(batch.id)

    assert retry.retry_failed(batch.id) == 1

    batch.refresh_from_db()
    assert (batch.status, batch.failed) == (BatchStatus.PROCESSING, 0)
    assert_counters_match(batch)


def test_new_file_reopens_a_completed_batch(owner: User) -> None:
    batch = lifecycle.open_batch(owner.id, "Again")
    lifecycle.seal_batch(batch.id)
    assert UploadBatch.objects.get().status == BatchStatus.COMPLETED

    incoming.register_item(batch.id, incoming.NewFile("a.jpg", "a.jpg", "a" * 64, 1))

    batch.refresh_from_db()
    assert (batch.status, batch.sealed_at) == (BatchStatus.PROCESSING, None)


def test_scheduler_alternates_between_owners_first(owner: User, other: User) -> None:
    big, second = make_batch(owner, files=2), make_batch(owner, files=2)
    small = make_batch(other, files=2)

    batch_ids = [next_batch_id() for _ in range(4)]

    assert batch_ids == [big.id, small.id, second.id, small.id]
