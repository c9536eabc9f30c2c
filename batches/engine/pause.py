"""Pause and resume a batch. The scheduler and every claim check its state."""

from django.db.models.functions import Coalesce
from django.utils import timezone

from batches.engine.complete import complete_batches
from batches.messaging import wake_ups
from batches.messaging.live_events import notify_batches_changed
from batches.models import BatchItem, UploadBatch
from batches.models.states import BatchStatus, batch_sources


def pause_batch(batch_id: int) -> bool:
    """Pause a batch: no item is claimed any more, and jobs in flight are released between two stages.

    Return False if the batch was neither pending nor processing.
    """
    paused = UploadBatch.objects.filter(id=batch_id, status__in=batch_sources(BatchStatus.PAUSED)).update(
        status=BatchStatus.PAUSED, updated_at=timezone.now()
    )
    if paused:
        notify_batches_changed([batch_id])
    return bool(paused)


def resume_batch(batch_id: int) -> bool:
    """Resume a paused batch, even if it was paused before its first file. Return False if it was not paused."""
    now = timezone.now()
    paused = batch_sources(BatchStatus.PROCESSING, BatchStatus.PAUSED)
    resumed = UploadBatch.objects.filter(id=batch_id, status__in=paused).update(
        status=BatchStatus.PROCESSING, started_at=Coalesce("started_at", now), updated_at=now
    )
    if resumed:
        complete_batches(batch_id)
        wake_ups.notify_workers(BatchItem.objects.filter(batch_id=batch_id, queue_position__isnull=False)[:100].count())
        notify_batches_changed([batch_id])
    return bool(resumed)
