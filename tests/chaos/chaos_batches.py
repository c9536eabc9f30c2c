"""Batches for the chaos tests, and the final check of each."""

from django.contrib.auth.models import User
from django.db.models import Sum

from batches.engine.pause import resume_batch
from batches.models import BatchItem, UploadBatch
from batches.models.states import LIVE_ITEMS, BatchStatus, ItemStatus
from bench.rows import fill
from tests.chaos import finish_audit
from tests.support.batches import assert_counters_match


def start_batch(owner: User, files: int) -> UploadBatch:
    """A sealed batch in processing with this many pending items."""
    batch_id = fill(files, owner.get_username())
    assert resume_batch(batch_id)
    return UploadBatch.objects.get(id=batch_id)


def is_finished(batch: UploadBatch) -> bool:
    """Whether the batch is completed or cancelled."""
    batch.refresh_from_db()
    return batch.status in {BatchStatus.COMPLETED, BatchStatus.CANCELLED}


def completed(batch: UploadBatch) -> int:
    """How many items are completed, counted from the rows."""
    return batch.items.filter(status=ItemStatus.COMPLETED).count()


def crash_count(batch: UploadBatch) -> int:
    """How many crashes are charged to the batch's items."""
    return int(BatchItem.objects.filter(batch=batch).aggregate(all=Sum("crash_count"))["all"] or 0)


def assert_consistent(batch: UploadBatch) -> None:
    """Counters equal rows, no item is live, every completed item was finished exactly once and no other was."""
    assert_counters_match(batch)
    assert not batch.items.filter(status__in=LIVE_ITEMS).exists()
    assert finish_audit.twice() == []
    assert finish_audit.lost(batch.id) == []
