"""Complete batches that have no live item left."""

from django.utils import timezone

from batches.engine.transitions import move_batches
from batches.messaging import live_events
from batches.models import UploadBatch
from batches.models.batch import ENDED_ITEMS
from batches.models.states import BatchStatus, batch_sources


def complete_batches(batch_id: int | None = None) -> int:
    """Complete the sealed batches without live items (only `batch_id` if given); return how many were completed.

    Only the batch's counters are checked, because they always match the item rows. Idempotent.
    """
    ended = UploadBatch.objects.filter(sealed_at__isnull=False, total=ENDED_ITEMS)
    if batch_id is None:
        live = ended.filter(status__in=batch_sources(BatchStatus.COMPLETED))
        ids = list(live.order_by("id").values_list("id", flat=True))
    else:
        ids = [batch_id]
    completed = 0
    # Use one transaction per batch, so that no batch stays locked while this function waits to lock another.
    for id in ids:
        now = timezone.now()
        if move_batches(ended.filter(id=id), BatchStatus.COMPLETED, completed_at=now, updated_at=now):
            live_events.notify_batches_changed([id], final=True)
            completed += 1
    return completed
