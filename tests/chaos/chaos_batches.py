"""Create batches for the chaos tests, and check them at the end."""

from django.contrib.auth.models import User
from django.db.models import Sum

from batches.engine.pause import resume_batch
from batches.models import BatchItem, UploadBatch
from batches.models.states import FINISHED_ITEMS, BatchStatus, ItemStatus
from bench.rows import fill
from tests.chaos import finish_audit
from tests.support.batches import assert_counters_match


def start_batch(owner: User, files: int) -> UploadBatch:
    """Create a sealed batch in the state `processing` with `files` pending items."""
    batch_id = fill(files, owner.get_username())
    assert resume_batch(batch_id)
    return UploadBatch.objects.get(id=batch_id)


def is_finished(batch: UploadBatch) -> bool:
    """Return whether the batch is completed or cancelled, according to the database."""
    batch.refresh_from_db()
    return batch.status in {BatchStatus.COMPLETED, BatchStatus.CANCELLED}


def completed(batch: UploadBatch) -> int:
    return batch.items.filter(status=ItemStatus.COMPLETED).count()


def crash_count(batch: UploadBatch) -> int:
    """Return the sum of the crash counts of the batch's items."""
    return int(BatchItem.objects.filter(batch=batch).aggregate(all=Sum("crash_count"))["all"] or 0)


def assert_consistent(batch: UploadBatch) -> None:
    """Check that the counters match the rows and that no item is pending or in progress.

    Every item that a worker completed must have exactly one recorded finish, and no other item may have one.
    """
    assert_counters_match(batch)
    assert not batch.items.exclude(status__in=FINISHED_ITEMS).exists()
    assert finish_audit.twice() == []
    assert finish_audit.lost(batch.id) == []
