"""Failures that their owner wants to hear no more of: they stay in their batch, its state and its counts."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from batches.models import BatchItem
from batches.states import ItemStatus

CHUNK = 2000


def dismiss_cause(batch_id: int, code: str, until: datetime) -> int:
    """Dismiss the batch's failures of one cause that had happened `until` then; returns how many.

    Trying a file again, or sending it again, undoes it. Repeating it changes nothing.
    """
    dismissed = 0
    while chunk := _dismiss_chunk(batch_id, code, until):
        dismissed += chunk
    return dismissed


def _dismiss_chunk(batch_id: int, code: str, until: datetime) -> int:
    failed = BatchItem.objects.filter(
        batch_id=batch_id, status=ItemStatus.FAILED, error_code=code, finished_at__lte=until, dismissed_at=None
    )
    with transaction.atomic():
        ids = list(failed.select_for_update().order_by("id").values_list("id", flat=True)[:CHUNK])
        return BatchItem.objects.filter(id__in=ids).update(dismissed_at=timezone.now())
