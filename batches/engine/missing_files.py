"""Count the files that have not arrived, and find uploads that were interrupted. Read-only."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Count
from django.utils import timezone

from batches.models import BatchItem, UploadBatch
from batches.models.states import ItemStatus

SILENCE = timedelta(seconds=30)
"""How long an uploader must be silent before its upload counts as interrupted."""


def count_missing(batches: Iterable[UploadBatch]) -> dict[int, int]:
    """Return how many files of each batch have not arrived completely, by batch id. Takes at most one query."""
    missing = {batch.id: batch.never_arrived for batch in batches}
    if not missing:
        return {}
    receiving = BatchItem.objects.filter(batch_id__in=list(missing), status=ItemStatus.RECEIVING)
    for batch_id, count in receiving.values_list("batch_id").annotate(Count("id")):
        missing[batch_id] += count
    return missing


def interrupted_uploads(batches: Iterable[UploadBatch]) -> dict[int, int]:
    """Return the batches whose uploader fell silent before all files arrived: their missing files by batch id.

    Takes no query while all uploaders are active.
    """
    since = timezone.now() - SILENCE
    counts = count_missing([batch for batch in batches if batch.waits_for_files and _last_seen(batch) < since])
    return {batch_id: count for batch_id, count in counts.items() if count}


def _last_seen(batch: UploadBatch) -> datetime:
    return batch.uploader_seen_at or batch.created_at
