"""The end of waiting for files that do not come."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from batches.engine.arrive import refuse_item, seal_batch
from batches.engine.settle import settle
from batches.models import BatchItem, UploadBatch
from batches.states import BatchStatus, ItemStatus

OPEN = [BatchStatus.PENDING, BatchStatus.PROCESSING, BatchStatus.PAUSED]
WORDS = "It was never sent to its end. Send it again to add it."


def seal_abandoned() -> int:
    """Seal batches without activity for ABANDONED_SECONDS that still wait for files, and fail what never came.

    A sealed batch waits too while a file is `receiving`. Parts already received are kept until they expire: a file that
    is sent on, or again, goes on where it stopped and reopens its batch.
    """
    since = timezone.now() - timedelta(seconds=settings.ABANDONED_SECONDS)
    receives = Exists(BatchItem.objects.filter(batch_id=OuterRef("id"), status=ItemStatus.RECEIVING))
    abandoned = UploadBatch.objects.filter(Q(sealed_at=None) | receives, updated_at__lt=since, status__in=OPEN)
    sealed = 0
    for batch_id in list(abandoned.values_list("id", flat=True)):
        now = timezone.now()
        # Asked once more in the same statement: a sender may have come back meanwhile.
        if UploadBatch.objects.filter(id=batch_id, updated_at__lt=since).update(sealed_at=now, updated_at=now):
            _give_up(batch_id, now)
            settle(batch_id)
            sealed += 1
    return sealed


def wait_no_more(batch_id: int) -> bool:
    """Seal a batch because a person says so, and fail what is still being received. False: nothing was waited for."""
    given_up = _give_up(batch_id, timezone.now())
    return seal_batch(batch_id) or bool(given_up)


def note_sender(batch: UploadBatch, seconds: float) -> None:
    """Count bytes that arrive as activity of their batch, at most once in so many seconds; no query in between."""
    now = timezone.now()
    since = now - timedelta(seconds=seconds)
    if batch.updated_at < since:
        UploadBatch.objects.filter(id=batch.id, updated_at__lt=since).update(updated_at=now)


def _give_up(batch_id: int, announced_before: datetime) -> int:
    """Fail the files that were announced before and have not come; returns how many."""
    receiving = BatchItem.objects.filter(
        batch_id=batch_id, status=ItemStatus.RECEIVING, created_at__lt=announced_before
    )
    return sum(refuse_item(item, "item.abandoned", WORDS) for item in list(receiving.values_list("id", flat=True)))
