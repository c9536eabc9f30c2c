"""The end of waiting for files that do not come."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from batches.engine.chunks import items_after
from batches.engine.complete import complete_batches
from batches.engine.lifecycle import seal_batch
from batches.messaging import live_events
from batches.models import BatchItem, UploadBatch
from batches.models.error_codes import default_message
from batches.models.states import BatchStatus, ItemStatus

OPEN = [BatchStatus.PENDING, BatchStatus.PROCESSING, BatchStatus.PAUSED]
CHUNK = 1000


def expire_batches() -> int:
    """Seal batches without activity for EXPIRY_SECONDS that still wait for files, and fail what never came.

    A sealed batch waits too while a file is `receiving`. Parts already received are kept until they expire: a file that
    is sent on, or again, goes on where it stopped and reopens its batch.
    """
    since = timezone.now() - timedelta(seconds=settings.EXPIRY_SECONDS)
    receives = Exists(BatchItem.objects.filter(batch_id=OuterRef("id"), status=ItemStatus.RECEIVING))
    abandoned = UploadBatch.objects.filter(Q(sealed_at=None) | receives, updated_at__lt=since, status__in=OPEN)
    sealed = 0
    for batch_id in list(abandoned.values_list("id", flat=True)):
        now = timezone.now()
        # Asked once more in the same statement: a sender may have come back meanwhile.
        if UploadBatch.objects.filter(id=batch_id, updated_at__lt=since).update(sealed_at=now, updated_at=now):
            _give_up(batch_id, now)
            complete_batches(batch_id)
            sealed += 1
    return sealed


def finish_without_missing(batch_id: int) -> bool:
    """Seal a batch because a person says so, and fail what is still being received. False: nothing was waited for."""
    given_up = _give_up(batch_id, timezone.now())
    return seal_batch(batch_id) or bool(given_up)


def record_activity(batch: UploadBatch, seconds: float) -> None:
    """Count bytes that arrive as activity of their batch, at most once in so many seconds; no query in between."""
    now = timezone.now()
    since = now - timedelta(seconds=seconds)
    if batch.updated_at < since:
        UploadBatch.objects.filter(id=batch.id, updated_at__lt=since).update(updated_at=now)


def _give_up(batch_id: int, announced_before: datetime) -> int:
    """Fail the files that were announced before and have not come, in chunks, each with its count; returns how many."""
    given_up = last = 0
    while ids := _give_up_chunk(batch_id, announced_before, last):
        given_up += len(ids)
        last = ids[-1]
        live_events.notify_batch_changed(batch_id)
    return given_up


def _give_up_chunk(batch_id: int, announced_before: datetime, after: int) -> list[int]:
    """Items before their batch, items in the order of their ids, as everywhere; who settles the batch is the caller."""
    receiving = BatchItem.objects.filter(status=ItemStatus.RECEIVING, created_at__lt=announced_before)
    with transaction.atomic():
        locked = items_after(receiving.select_for_update(), batch_id, after)
        ids = list(locked.values_list("id", flat=True)[:CHUNK])
        now = timezone.now()
        BatchItem.objects.filter(id__in=ids).update(
            status=ItemStatus.FAILED,
            error_code="item.abandoned",
            error_message=default_message("item.abandoned"),
            finished_at=now,
        )
        if ids:
            UploadBatch.all_objects.filter(id=batch_id).update(failed=F("failed") + len(ids), updated_at=now)
    return ids
