"""Change states with conditional UPDATEs along the edges that states.py declares.

`sources` restricts a change to some of the declared source states. An undeclared edge raises ValueError. Only these
functions and the engine's raw SQL write states.
"""

from typing import Any

from django.db import IntegrityError
from django.db.models import Case, F, QuerySet, Value, When
from django.utils import timezone

from batches.engine.refusals import BatchClosed, ReanalysisRunning
from batches.models import BatchItem, UploadBatch
from batches.models.states import OPEN_BATCHES, BatchStatus, ItemStatus, batch_sources, item_sources


def move_batches(batches: QuerySet[UploadBatch], target: BatchStatus, *sources: BatchStatus, **fields: Any) -> int:
    """Move the batches that are in a source state to `target` and set the fields; return how many were moved."""
    return batches.filter(status__in=batch_sources(target, *sources)).update(status=target, **fields)


def move_items(items: QuerySet[BatchItem], target: ItemStatus, *sources: ItemStatus, **fields: Any) -> int:
    """Move the items that are in a source state to `target` and set the fields; return how many were moved."""
    return items.filter(status__in=item_sources(target, *sources)).update(status=target, **fields)


def reopen_batch(batch_id: int, **fields: Any) -> None:
    """Move a completed batch back to `processing` and set the fields; for a live batch, only set the fields.

    This runs a single statement, because another process may complete or reopen the batch at any moment. Raises
    BatchClosed if the batch is cancelled or deleted. Raises ReanalysisRunning if the batch is a re-analysis and another
    re-analysis of the same source is live.
    """
    completed = batch_sources(BatchStatus.PROCESSING, BatchStatus.COMPLETED)
    reopened = Case(When(status__in=completed, then=Value(BatchStatus.PROCESSING)), default=F("status"))
    batch = UploadBatch.objects.filter(id=batch_id, status__in=OPEN_BATCHES)
    try:
        found = batch.update(status=reopened, completed_at=None, updated_at=timezone.now(), **fields)
    except IntegrityError as error:  # violates batch_one_live_reanalysis
        raise ReanalysisRunning from error
    if not found:
        raise BatchClosed
