"""The end of one file's processing: guard the finish, not the start."""

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from batches import events
from batches.engine.in_hand import Claim
from batches.models import BatchItem, UploadBatch
from batches.states import ItemStatus


def complete(claim: Claim, save: Callable[[], None] | None = None) -> bool:
    """Finish a file well. `save` writes its results in the same transaction. False: somebody else has it, nothing changed."""
    return _finish(claim, ItemStatus.COMPLETED, "successful", save, error_code="", error_message="")


def fail(claim: Claim, code: str, message: str) -> bool:
    """Finish a file badly, with a stable code and words for its owner. False: somebody else has it, nothing changed."""
    return _finish(claim, ItemStatus.FAILED, "failed", None, error_code=code[:50], error_message=message[:500])


def _finish(claim: Claim, status: ItemStatus, counter: str, save: Callable[[], None] | None, **fields: Any) -> bool:
    now = timezone.now()
    with transaction.atomic():
        won = BatchItem.objects.filter(id=claim.item_id, status=ItemStatus.PROCESSING, claim=claim.token).update(
            status=status, stage="", claim=None, worker=None, claimed_until=None, finished_at=now, **fields
        )
        if not won:
            return False
        if save is not None:
            save()
        UploadBatch.objects.filter(id=claim.batch_id).update(updated_at=now, **{counter: F(counter) + 1})
    events.batch_changed(claim.batch_id)
    return True
