"""Cancelling a batch: the state first, then its files in small steps, each counted with its rows."""

from collections.abc import Callable

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from batches.messaging import live_events
from batches.messaging.live_events import notify_batches_changed
from batches.models import BatchItem, UploadBatch
from batches.models.states import LIVE_ITEMS, BatchStatus, ItemStatus, batch_sources

CHUNK = 1000


def cancel_batch(batch_id: int) -> bool:
    """Cancel a batch for good: nothing more of it starts, a late finish changes nothing. False: it was not live.

    The commit of the state alone stops all claims; a cancel cut off after it is ended by `finish_cancels`.
    """
    now = timezone.now()
    cancelled = UploadBatch.objects.filter(id=batch_id, status__in=batch_sources(BatchStatus.CANCELLED)).update(
        status=BatchStatus.CANCELLED, cancelling=True, completed_at=now, updated_at=now
    )
    if cancelled:
        # Its pages show at once that it is cancelled; many files take a while.
        notify_batches_changed([batch_id], final=True)
        cancel_items(batch_id)
    return bool(cancelled)


def resume_cancellations() -> int:
    """Cancel what is still live in cancelled batches; returns how many files. The reconciler calls it."""
    unfinished = UploadBatch.all_objects.filter(cancelling=True)
    return sum(cancel_items(batch_id) for batch_id in unfinished.values_list("id", flat=True))


def cancel_items(batch_id: int) -> int:
    """Cancel what is still live in a batch that is cancelled already; returns how many files."""
    cancelled = _in_chunks(lambda: _cancel_chunk(batch_id))
    if cancelled:
        live_events.notify_batch_changed(batch_id, final=True)
    return cancelled


def _in_chunks(step: Callable[[], int]) -> int:
    """Repeat a step until it changes nothing; returns the sum of what it changed."""
    changed = total = step()
    while changed:
        changed = step()
        total += changed
    return total


def _cancel_chunk(batch_id: int) -> int:
    """Items before their batch, items in the order of their ids: so no two transactions wait for each other.

    Since the batch is cancelled no item of it becomes live, so a chunk that is not full is the last.
    """
    with transaction.atomic():
        ids = list(
            BatchItem.objects.select_for_update()
            .filter(batch_id=batch_id, status__in=LIVE_ITEMS)
            .order_by("id")
            .values_list("id", flat=True)[:CHUNK]
        )
        changed = BatchItem.objects.filter(id__in=ids, status__in=LIVE_ITEMS).update(
            status=ItemStatus.CANCELLED,
            stage="",
            queue_position=None,
            claim=None,
            worker=None,
            claimed_until=None,
            finished_at=timezone.now(),
        )
        UploadBatch.all_objects.filter(id=batch_id).update(
            cancelled=F("cancelled") + changed, cancelling=len(ids) == CHUNK, updated_at=timezone.now()
        )
    return changed
