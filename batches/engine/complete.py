"""Complete batches that have no live item left."""

from django.db.models import F
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
    completed = 0
    # One transaction per batch, so that none stays locked while this waits for another.
    for id in [batch_id] if batch_id is not None else list(batches.order_by("id").values_list("id", flat=True)):
        now = timezone.now()
        if batches.filter(id=id).update(status=BatchStatus.COMPLETED, completed_at=now, updated_at=now):
            notify_batches_changed([id], final=True)
            completed += 1
    return completed
