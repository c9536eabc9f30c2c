"""The database refuses a batch whose counters do not add up or do not match its status."""

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError
from django.db.models import F

from batches.engine import cancel, claim, finish_item, lifecycle
from batches.models import UploadBatch
from batches.models.states import BatchStatus, ItemResult
from tests.support.batches import make_batch

pytestmark = pytest.mark.django_db(transaction=True)
OVER = "batch_counters_within_total"
ENDED = "batch_ended_is_complete"


def change(batch: UploadBatch, counter: str, by: int, **fields: object) -> None:
    UploadBatch.objects.filter(id=batch.id).update(**{counter: F(counter) + by}, **fields)


@pytest.fixture
def completed(owner: User) -> UploadBatch:
    """A completed batch with a duplicate, a new picture and a failed one."""
    batch = make_batch(owner, 3)
    for result in (ItemResult.DUPLICATE, ItemResult.NEW):
        claimed = claim.claim_item(batch.id, 4711)
        assert claimed is not None
        finish_item.complete_item(claimed, result=result)
    claimed = claim.claim_item(batch.id, 4711)
    assert claimed is not None
    finish_item.fail_item(claimed, "image.corrupt")
    lifecycle.seal_batch(batch.id)
    batch.refresh_from_db()
    assert batch.status == BatchStatus.COMPLETED
    return batch


@pytest.mark.parametrize(
    ("counter", "by", "constraint"),
    [
        *(("total", 1, ENDED), ("successful", -1, ENDED), ("failed", -1, ENDED)),
        *(("total", -1, OVER), ("successful", 1, OVER), ("failed", 1, OVER), ("cancelled", 1, OVER)),
        *(("missing", 1, OVER), ("duplicates", 2, "batch_results_within_successful")),
    ],
)
def test_counters_of_a_completed_batch_add_up(completed: UploadBatch, counter: str, by: int, constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        change(completed, counter, by)


def test_completed_batch_stays_sealed(completed: UploadBatch) -> None:
    with pytest.raises(IntegrityError, match=ENDED):
        UploadBatch.objects.filter(id=completed.id).update(sealed_at=None)


def test_batch_with_live_items_cannot_end(owner: User) -> None:
    batch = make_batch(owner, 1)

    with pytest.raises(IntegrityError, match=ENDED):
        UploadBatch.objects.filter(id=batch.id).update(
            status=BatchStatus.COMPLETED, sealed_at=batch.created_at, completed_at=batch.created_at
        )


def test_counters_of_a_cancelled_batch_add_up_when_its_items_are_cancelled(owner: User) -> None:
    batch = make_batch(owner, 2)
    change(batch, "cancelled", 0, status=BatchStatus.CANCELLED, cancelling=True, completed_at=batch.created_at)

    with pytest.raises(IntegrityError, match=ENDED):
        change(batch, "cancelled", 1, cancelling=False)
    cancel.cancel_items(batch.id)
    with pytest.raises(IntegrityError, match=ENDED):
        change(batch, "cancelled", -1)

    batch.refresh_from_db()
    assert (batch.total, batch.cancelled, batch.cancelling) == (2, 2, False)


def test_live_batch_counts_no_more_ended_items_than_it_has(owner: User) -> None:
    batch = make_batch(owner, 2)

    change(batch, "successful", 2)
    with pytest.raises(IntegrityError, match=OVER):
        change(batch, "missing", 1)
