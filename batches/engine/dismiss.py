"""Dismiss failures: the items stay failed and still count as failed, but are no longer listed as problems."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from batches.models import BatchItem
from batches.models.states import ItemStatus

CHUNK = 2000


def dismiss_failures(batch_ids: Sequence[int], code: str, until: datetime, at: datetime) -> int:
    """Dismiss the failures with `code` in the batches `batch_ids`; return how many were dismissed.

    Items that failed after `until` are not dismissed. `at` is stored as the time of the dismissal; `restore_failures`
    needs it to undo the dismissal. Retrying a file or sending it again also undoes the dismissal. Idempotent.

    Items of several batches may be locked in one transaction: this cannot deadlock, because no batch rows are locked.
    """
    failed = _failed(batch_ids, code).filter(finished_at__lte=until, dismissed_at=None)
    return _update_in_chunks(failed, at)


def restore_failures(batch_ids: Sequence[int], code: str, at: datetime) -> int:
    """Restore the failures with `code` in `batch_ids` that were dismissed at `at`; return how many were restored."""
    return _update_in_chunks(_failed(batch_ids, code).filter(dismissed_at=at), None)


def _failed(batch_ids: Sequence[int], code: str) -> QuerySet[BatchItem]:
    return BatchItem.objects.filter(batch_id__in=batch_ids, status=ItemStatus.FAILED, error_code=code)


def _update_in_chunks(items: QuerySet[BatchItem], dismissed_at: datetime | None) -> int:
    """Set `dismissed_at` in chunks until no item matches; return how many changed. A changed item no longer matches."""
    changed = chunk = _update_chunk(items, dismissed_at)
    while chunk == CHUNK:
        chunk = _update_chunk(items, dismissed_at)
        changed += chunk
    return changed


def _update_chunk(items: QuerySet[BatchItem], dismissed_at: datetime | None) -> int:
    with transaction.atomic():
        ids = list(items.select_for_update().order_by("id").values_list("id", flat=True)[:CHUNK])
        return BatchItem.objects.filter(id__in=ids).update(dismissed_at=dismissed_at)
