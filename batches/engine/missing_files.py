"""Count the files that have not been fully received, and find interrupted uploads. Read-only."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Count
from django.utils import timezone

from batches.models import BatchItem, UploadBatch
from batches.models.states import ItemStatus

SILENCE = timedelta(seconds=30)
"""An upload counts as interrupted if its client has sent nothing for this long."""


def count_missing(batches: Iterable[UploadBatch]) -> dict[int, int]:
    """Return how many files of each batch have not been fully received, by batch id. Runs at most one query."""
    missing = {batch.id: batch.never_arrived for batch in batches}
    if not missing:
        return {}
    receiving = BatchItem.objects.filter(batch_id__in=list(missing), status=ItemStatus.RECEIVING)
    for batch_id, count in receiving.values_list("batch_id").annotate(Count("id")):
        missing[batch_id] += count
    return missing


def interrupted_uploads(batches: Iterable[UploadBatch]) -> dict[int, int]:
    """Return the counts of `count_missing` for batches whose clients stopped sending before all files had arrived.

    Runs no query if all clients are active.
    """
    since = timezone.now() - SILENCE
    counts = count_missing([batch for batch in batches if batch.waits_for_files and _last_seen(batch) < since])
    return {batch_id: count for batch_id, count in counts.items() if count}


def _last_seen(batch: UploadBatch) -> datetime:
    return batch.uploader_seen_at or batch.created_at
