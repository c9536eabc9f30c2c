"""Cancel a batch: first change its state, then cancel its items in chunks.

The transaction that cancels a chunk also updates the batch's counters.
"""

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from batches.engine.item_fields import FINISHED_FIELDS
from batches.engine.transitions import move_batches, move_items
from batches.messaging import live_events
from batches.models import BatchItem, UploadBatch
from batches.models.states import BatchStatus, ItemStatus, item_sources

CHUNK = 1000


def cancel_batch(batch_id: int) -> bool:
    """Cancel a batch permanently. Return False if the batch was not live.

    Once the state change is committed, workers claim no more of the batch's items. If the process dies after that
    commit, `resume_cancellations` cancels the remaining items. Finishing an item after it was cancelled has no effect.
    """
    now = timezone.now()
    batch = UploadBatch.objects.filter(id=batch_id)
    cancelled = move_batches(batch, BatchStatus.CANCELLED, cancelling=True, completed_at=now, updated_at=now)
    if cancelled:
        # Notify pages first, because cancelling many items takes a while.
        live_events.notify_batches_changed([batch_id], final=True)
        cancel_items(batch_id)
    return bool(cancelled)


def resume_cancellations() -> int:
    """Cancel the remaining live items of cancelled batches; return how many were cancelled.

    The reconciler calls this function.
    """
    unfinished = UploadBatch.all_objects.filter(cancelling=True)
    return sum(cancel_items(batch_id) for batch_id in unfinished.values_list("id", flat=True))


def cancel_items(batch_id: int) -> int:
    """Cancel the live items of a batch whose own state is already `cancelled`; return how many were cancelled."""
    cancelled = chunk = _cancel_chunk(batch_id)
    while chunk:
        chunk = _cancel_chunk(batch_id)
        cancelled += chunk
    if cancelled:
        live_events.notify_batch_changed(batch_id, final=True)
    return cancelled


def _cancel_chunk(batch_id: int) -> int:
    """Cancel up to CHUNK live items; return how many were cancelled.

    A chunk with fewer than CHUNK items is the last one, because no item of a cancelled batch becomes live again.
    """
    live = BatchItem.objects.filter(status__in=item_sources(ItemStatus.CANCELLED))
    with transaction.atomic():
        locked = live.select_for_update().filter(batch_id=batch_id).order_by("id")
        ids = list(locked.values_list("id", flat=True)[:CHUNK])
        changed = move_items(BatchItem.objects.filter(id__in=ids), ItemStatus.CANCELLED, **FINISHED_FIELDS)
        UploadBatch.all_objects.filter(id=batch_id).update(
            cancelled=F("cancelled") + changed, cancelling=len(ids) == CHUNK, updated_at=timezone.now()
        )
    return changed
