"""Complete batches that have no live item left."""

from django.db.models import F, QuerySet
from django.utils import timezone

from batches.messaging.live_events import notify_batches_changed
from batches.models import UploadBatch
from batches.models.states import BatchStatus, batch_sources


def complete_batches(batch_id: int | None = None) -> int:
    """Complete the batch (or every batch) that is sealed and has no live item; return how many were completed.

    The counters are exact, so they alone decide. Idempotent.
    """
    batches = UploadBatch.objects.filter(
        status__in=batch_sources(BatchStatus.COMPLETED),
        sealed_at__isnull=False,
        total=F("successful") + F("failed") + F("cancelled"),
    )
    ids = [batch_id] if batch_id is not None else list(batches.order_by("id").values_list("id", flat=True))
    return sum(_complete(batches.filter(id=id), id) for id in ids)


def _complete(batch: QuerySet[UploadBatch], batch_id: int) -> int:
    """Complete one batch in a transaction of its own, so that none is locked while another is waited for."""
    now = timezone.now()
    completed = batch.update(status=BatchStatus.COMPLETED, completed_at=now, updated_at=now)
    if completed:
        notify_batches_changed([batch_id], final=True)
    return completed
