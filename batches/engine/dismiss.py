"""Dismiss failures: the items stay failed and still count as failed, but are no longer listed as problems."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from batches.models import BatchItem
from batches.models.states import ItemStatus

CHUNK = 2000


def dismiss_failures(batch_ids: Sequence[int], code: str, until: datetime) -> int:
    """Dismiss the failures with this code in these batches that happened up to `until`; return how many were dismissed.

    Retrying a file or sending it again undoes the dismissal. Idempotent. Items of several batches may be locked in one
    transaction, because this function locks no batch rows.
    """
    dismissed = chunk = _dismiss_chunk(batch_ids, code, until)
    while chunk == CHUNK:
        chunk = _dismiss_chunk(batch_ids, code, until)
        dismissed += chunk
    return dismissed


def _dismiss_chunk(batch_ids: Sequence[int], code: str, until: datetime) -> int:
    failed = BatchItem.objects.filter(
        batch_id__in=batch_ids, status=ItemStatus.FAILED, error_code=code, finished_at__lte=until, dismissed_at=None
    )
    with transaction.atomic():
        ids = list(failed.select_for_update().order_by("id").values_list("id", flat=True)[:CHUNK])
        return BatchItem.objects.filter(id__in=ids).update(dismissed_at=timezone.now())
