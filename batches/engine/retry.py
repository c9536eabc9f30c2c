"""Retry failed items whose bytes are stored."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q

from batches.engine.attempt_history import record_failures
from batches.engine.chunks import items_after
from batches.engine.item_fields import NOT_FAILED_FIELDS, PENDING_FIELDS
from batches.engine.transitions import move_items, reopen_batch
from batches.messaging import live_events, wake_ups
from batches.models import BatchItem
from batches.models.states import ItemStatus, item_sources

CHUNK = 2000


def retry_failed(batch_id: int, excluded_codes: Collection[str] = ()) -> int:
    """Retry a batch's failed items, except items with the excluded codes and items whose bytes are not stored.

    Return how many items were queued. A completed batch is reopened. Each chunk is queued and counted in one
    transaction, so an interrupted call can be repeated. An item that fails again during the call is not retried twice.

    Raises BatchClosed if the batch is cancelled or deleted. Raises ReanalysisRunning if the batch is a re-analysis and
    another re-analysis of the same source is live. Chunks that were queued before an error stay queued.
    """
    return _retry(batch_id, ~Q(error_code__in=excluded_codes))


def retry_item(item_id: int) -> bool:
    """Retry one failed item. Return False if the item has not failed or its bytes are not stored.

    Raises the same errors as `retry_failed`.
    """
    batch_id = BatchItem.objects.values_list("batch_id", flat=True).get(id=item_id)
    return bool(_retry(batch_id, Q(id=item_id)))


def retry_code(batch_id: int, code: str, until: datetime) -> int:
    """Retry the batch's items that failed with `code` at `until` or earlier, except dismissed failures.

    Return how many were queued. Raises the same errors as `retry_failed`.
    """
    return _retry(batch_id, Q(error_code=code, finished_at__lte=until, dismissed_at=None))


def _retry(batch_id: int, which: Q) -> int:
    """Retry the matching items in a single pass in id order, so that an item that fails again is not retried twice."""
    retried = last = 0
    while ids := _retry_chunk(batch_id, which, last):
        retried += len(ids)
        last = ids[-1]
        live_events.notify_batches_changed([batch_id])
        wake_ups.notify_workers(len(ids))
        if len(ids) < CHUNK:
            break
    return retried


def _retry_chunk(batch_id: int, which: Q, after: int) -> list[int]:
    failed = BatchItem.objects.filter(status__in=item_sources(ItemStatus.PENDING, ItemStatus.FAILED))
    with transaction.atomic():
        locked = items_after(failed.filter(which, upload__isnull=False).select_for_update(), batch_id, after)
        ids = list(locked.values_list("id", flat=True)[:CHUNK])
        if ids:
            record_failures(ids)
            retried = {**PENDING_FIELDS, **NOT_FAILED_FIELDS, "crash_count": 0, "lost_worker": None}
            move_items(BatchItem.objects.filter(id__in=ids), ItemStatus.PENDING, ItemStatus.FAILED, **retried)
            reopen_batch(batch_id, failed=F("failed") - len(ids))
    return ids
