"""Complete batches that have no live item left."""

from django.db.models import F
from django.utils import timezone

from batches.messaging.live_events import notify_batches_changed
from batches.models import UploadBatch
from batches.models.states import BatchStatus, batch_sources


def complete_batches(batch_id: int | None = None) -> int:
    """Complete the batch (or, without an id, every batch) that is sealed and has no live items; return how many.

    Only the batch's counters are checked, because they always match the item rows. Idempotent.
    """
    batches = UploadBatch.objects.filter(
        status__in=batch_sources(BatchStatus.COMPLETED),
        sealed_at__isnull=False,
        total=F("successful") + F("failed") + F("cancelled"),
    )
    completed = 0
    # Use one transaction per batch, so that no batch stays locked while this function waits for the lock of another.
    for id in [batch_id] if batch_id is not None else list(batches.order_by("id").values_list("id", flat=True)):
        now = timezone.now()
        if batches.filter(id=id).update(status=BatchStatus.COMPLETED, completed_at=now, updated_at=now):
            notify_batches_changed([id], final=True)
            completed += 1
    return completed
