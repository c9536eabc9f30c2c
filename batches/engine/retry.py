"""Working again on files that failed; only those whose bytes are stored."""

from collections.abc import Collection
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from batches.engine.attempt_history import record_failures
from batches.engine.chunks import items_after
from batches.engine.refusals import BatchClosed, ReanalysisRunning
from batches.engine.release import PENDING_FIELDS
from batches.messaging import wake_ups
from batches.messaging.live_events import notify_batches_changed
from batches.models import BatchItem, UploadBatch
from batches.models.states import BatchStatus, ItemStatus

CHUNK = 2000


def retry_failed(batch_id: int, but: Collection[str] = ()) -> int:
    """Queue every failed file of a batch again, `but` those with these codes; a completed batch goes on.

    Returns how many files. In chunks, each with its count: cut off in between, it is simply asked again. What fails
    anew meanwhile is left alone. Raises BatchClosed when the batch was cancelled, ReanalysisRunning when it is a
    re-analysis and would go on beside another one of the same source; what was queued before stays so.
    """
    return _retry(batch_id, ~Q(error_code__in=but))


def retry_item(item_id: int) -> bool:
    """Queue one failed file again. False: it had not failed, or its bytes were not kept. Raises as `retry_failed`."""
    batch_id = BatchItem.objects.values_list("batch_id", flat=True).get(id=item_id)
    return bool(_retry(batch_id, Q(id=item_id)))


def retry_code(batch_id: int, code: str, until: datetime) -> int:
    """Queue the batch's failures of one cause that had happened `until` then and were not dismissed; returns how many.

    As `retry_failed`.
    """
    return _retry(batch_id, Q(error_code=code, finished_at__lte=until, dismissed_at=None))


def _retry(batch_id: int, which: Q) -> int:
    """In the order of the ids and never back: so a file that fails anew while others are queued is not met again."""
    retried = last = 0
    while ids := _retry_chunk(batch_id, which, last):
        retried += len(ids)
        last = ids[-1]
        notify_batches_changed([batch_id])
        wake_ups.notify_workers(len(ids))
        if len(ids) < CHUNK:
            break
    return retried


def _retry_chunk(batch_id: int, which: Q, after: int) -> list[int]:
    failed = BatchItem.objects.filter(which, status=ItemStatus.FAILED, upload__isnull=False)
    with transaction.atomic():
        locked = items_after(failed.select_for_update(), batch_id, after)
        ids = list(locked.values_list("id", flat=True)[:CHUNK])
        if ids:
            record_failures(ids)
            BatchItem.objects.filter(id__in=ids).update(
                **PENDING_FIELDS,
                crash_count=0,
                lost_worker=None,
                error_code="",
                error_message="",
                finished_at=None,
                dismissed_at=None,
            )
            _go_on(batch_id, len(ids))
    return ids


def _go_on(batch_id: int, files: int) -> None:
    """Count files that failed no longer; one statement, as the batch may come to its end meanwhile."""
    completed = Q(status=BatchStatus.COMPLETED)
    try:
        counted = (
            UploadBatch.objects.filter(id=batch_id)
            .exclude(status=BatchStatus.CANCELLED)
            .update(
                failed=F("failed") - files,
                status=Case(When(completed, then=Value(BatchStatus.PROCESSING)), default=F("status")),
                completed_at=Case(When(completed, then=None), default=F("completed_at")),
                updated_at=timezone.now(),
            )
        )
    except IntegrityError as error:  # batch_one_live_reanalysis
        raise ReanalysisRunning from error
    if not counted:
        raise BatchClosed
