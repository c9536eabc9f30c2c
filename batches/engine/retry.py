"""Working again on files that failed; only those whose bytes are stored."""

from collections.abc import Collection
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from batches import bells
from batches.engine.announce import batches_stand_otherwise
from batches.engine.errors import BatchClosed, ReanalysisRunning
from batches.engine.give_back import QUEUED
from batches.engine.history import keep_failures
from batches.models import BatchItem, UploadBatch
from batches.states import BatchStatus, ItemStatus

CHUNK = 2000


def retry_failed(batch_id: int, but: Collection[str] = ()) -> int:
    """Queue every failed file of a batch again, `but` those with these codes; a completed batch goes on.

    Returns how many files. Raises BatchClosed when the batch was cancelled, ReanalysisRunning when it is a re-analysis
    and would go on beside another one of the same source.
    """
    return _retry(batch_id, Q(batch_id=batch_id) & ~Q(error_code__in=but))


def retry_item(item_id: int) -> bool:
    """Queue one failed file again. False: it had not failed, or its bytes were not kept. Raises as `retry_failed`."""
    batch_id = BatchItem.objects.values_list("batch_id", flat=True).get(id=item_id)
    return bool(_retry(batch_id, Q(id=item_id)))


def retry_cause(batch_id: int, code: str, until: datetime) -> int:
    """Queue the batch's failures of one cause that had happened `until` then and were not dismissed; returns how many.

    In chunks, each with its count: cut off in between, it is simply asked again. What fails anew meanwhile is later
    than `until` and left alone. Raises as `retry_failed`.
    """
    which = Q(batch_id=batch_id, error_code=code, finished_at__lte=until, dismissed_at=None)
    retried = chunk = _retry(batch_id, which, CHUNK)
    while chunk == CHUNK:
        chunk = _retry(batch_id, which, CHUNK)
        retried += chunk
    return retried


def _retry(batch_id: int, which: Q, most: int | None = None) -> int:
    now = timezone.now()
    with transaction.atomic():
        failed = BatchItem.objects.filter(which, status=ItemStatus.FAILED, upload__isnull=False)
        ids = list(failed.select_for_update().order_by("id").values_list("id", flat=True)[:most])
        if not ids:
            return 0
        keep_failures(ids)
        retried = BatchItem.objects.filter(id__in=ids).update(
            **QUEUED,
            deaths=0,
            lost_by=None,
            error_code="",
            error_message="",
            finished_at=None,
            dismissed_at=None,
        )
        batch = UploadBatch.objects.filter(id=batch_id)
        if not _reopen(batch, retried) and not batch.exclude(status=BatchStatus.CANCELLED).update(
            failed=F("failed") - retried, updated_at=now
        ):
            raise BatchClosed
    batches_stand_otherwise([batch_id])
    bells.ring_soon(retried)
    return retried


def _reopen(batch: QuerySet[UploadBatch], retried: int) -> int:
    try:
        return batch.filter(status=BatchStatus.COMPLETED).update(
            failed=F("failed") - retried,
            status=BatchStatus.PROCESSING,
            completed_at=None,
            updated_at=timezone.now(),
        )
    except IntegrityError as error:  # batch_reanalysed_once_at_a_time
        raise ReanalysisRunning from error
