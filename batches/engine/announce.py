"""Telling the pages that batches stand otherwise: each batch's own page, and every page of its owner."""

from collections.abc import Iterable

from batches import events
from batches.models import UploadBatch


def batches_stand_otherwise(batch_ids: Iterable[int], *, final: bool = False) -> None:
    """Hint, after the commit, at batches that came, ended, or changed their state. Counters alone are no such change.

    Costs one query, so it is for changes that happen once in a batch's life, not once a file.
    """
    ids = list(batch_ids)
    for batch_id in ids:
        events.batch_changed(batch_id, final=final)
    for owner_id in set(UploadBatch.everything.filter(id__in=ids).values_list("owner_id", flat=True)):
        events.owner_changed(owner_id)
