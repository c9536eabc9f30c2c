"""Pause and resume a batch by changing its state. The scheduler checks the state, and so does every claim."""

from django.db.models.functions import Coalesce
from django.utils import timezone

from batches.engine.complete_batch import complete_batches
from batches.engine.transitions import move_batches
from batches.messaging import live_events, wake_ups
from batches.models import BatchItem, UploadBatch
from batches.models.states import BatchStatus


def pause_batch(batch_id: int) -> bool:
    """Pause a batch. Return False if the batch was neither pending nor processing.

    Workers claim no more of its items. The heartbeat asks its in-flight jobs to stop, which releases their claims.
    """
    batch = UploadBatch.objects.filter(id=batch_id)
    paused = move_batches(batch, BatchStatus.PAUSED, updated_at=timezone.now())
    if paused:
        live_events.notify_batches_changed([batch_id])
    return bool(paused)


def resume_batch(batch_id: int) -> bool:
    """Resume a paused batch. Return False if the batch was not paused.

    The batch becomes `processing`, even if it was paused before its first file was queued.
    """
    now = timezone.now()
    resumed = move_batches(
        UploadBatch.objects.filter(id=batch_id),
        BatchStatus.PROCESSING,
        BatchStatus.PAUSED,
        started_at=Coalesce("started_at", now),
        updated_at=now,
    )
    if resumed:
        complete_batches(batch_id)
        wake_ups.notify_workers(BatchItem.objects.filter(batch_id=batch_id, queue_position__isnull=False)[:100].count())
        live_events.notify_batches_changed([batch_id])
    return bool(resumed)
