"""Cancel a batch: its state at once, then its items in chunks, each counted in the same transaction."""

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from batches.engine.item_fields import FINISHED_FIELDS
from batches.messaging import live_events
from batches.messaging.live_events import notify_batches_changed
from batches.models import BatchItem, UploadBatch
from batches.models.states import BatchStatus, ItemStatus, batch_sources, item_sources

CHUNK = 1000


def cancel_batch(batch_id: int) -> bool:
    """Cancel a batch for good: none of its items is claimed any more, and a late finish changes nothing.

    Return False if it was not live. Committing the batch's state stops all claims; if the process dies after that,
    `resume_cancellations` cancels the remaining items.
    """
    now = timezone.now()
    cancelled = UploadBatch.objects.filter(id=batch_id, status__in=batch_sources(BatchStatus.CANCELLED)).update(
        status=BatchStatus.CANCELLED, cancelling=True, completed_at=now, updated_at=now
    )
    if cancelled:
        # Notify pages first, because cancelling many items takes a while.
        notify_batches_changed([batch_id], final=True)
        cancel_items(batch_id)
    return bool(cancelled)


def resume_cancellations() -> int:
    """Cancel the live items of cancelled batches; return how many. The reconciler calls it."""
    unfinished = UploadBatch.all_objects.filter(cancelling=True)
    return sum(cancel_items(batch_id) for batch_id in unfinished.values_list("id", flat=True))


def cancel_items(batch_id: int) -> int:
    """Cancel the live items of a batch that is cancelled already; return how many."""
    cancelled = chunk = _cancel_chunk(batch_id)
    while chunk:
        chunk = _cancel_chunk(batch_id)
        cancelled += chunk
    if cancelled:
        live_events.notify_batch_changed(batch_id, final=True)
    return cancelled


def _cancel_chunk(batch_id: int) -> int:
    """Cancel up to CHUNK items; return how many. A shorter chunk is the last, as no item becomes live again."""
    live = BatchItem.objects.filter(status__in=item_sources(ItemStatus.CANCELLED))
    with transaction.atomic():
        locked = live.select_for_update().filter(batch_id=batch_id).order_by("id")
        ids = list(locked.values_list("id", flat=True)[:CHUNK])
        changed = live.filter(id__in=ids).update(status=ItemStatus.CANCELLED, **FINISHED_FIELDS)
        UploadBatch.all_objects.filter(id=batch_id).update(
            cancelled=F("cancelled") + changed, cancelling=len(ids) == CHUNK, updated_at=timezone.now()
        )
    return changed
