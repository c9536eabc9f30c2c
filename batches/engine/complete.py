"""The end of a batch."""

from django.db.models import F, QuerySet
from django.utils import timezone

from batches.messaging.live_events import notify_batches_changed
from batches.models import UploadBatch
from batches.models.states import BatchStatus, batch_sources


def complete_batches(batch_id: int | None = None) -> int:
    """Complete the batch (or every batch) that is sealed and has no live item; returns how many became completed.

    The counters are exact, so they alone decide. Repeating it changes nothing.
    """
    batches = UploadBatch.objects.filter(
        status__in=batch_sources(BatchStatus.COMPLETED),
        sealed_at__isnull=False,
        total=F("successful") + F("failed") + F("cancelled"),
    )
    if batch_id is not None:
        batches = batches.filter(id=batch_id)
    ids = [batch_id] if batch_id is not None else list(batches.order_by("id").values_list("id", flat=True))
    return sum(_complete(batches.filter(id=ended), ended) for ended in ids)


def _complete(batch: QuerySet[UploadBatch], batch_id: int) -> int:
    """Each batch by itself: no transaction holds one of them while it waits for another."""
    now = timezone.now()
    completed = batch.update(status=BatchStatus.COMPLETED, completed_at=now, updated_at=now)
    if completed:
        notify_batches_changed([batch_id], final=True)
    return completed
