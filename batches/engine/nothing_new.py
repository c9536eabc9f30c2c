"""Find imports that added no new pictures."""

from collections.abc import Iterable

from django.db.models import OuterRef, Subquery

from batches.models import BatchItem, UploadBatch
from batches.models.states import BatchKind, BatchStatus, ItemStatus


def without_new_pictures(batches: Iterable[UploadBatch]) -> set[int]:
    """Return the ids of the completed imports whose files were all already in their owner's library.

    Takes one query, or none if no batch can be such an import. For each batch, it reads completed items only up to the
    first one that is not a duplicate.
    """
    candidates = [batch.id for batch in batches if _is_complete(batch)]
    if not candidates:
        return set()
    # A subquery with LIMIT, because for NOT EXISTS the planner might read all items of all batches.
    items = BatchItem.objects.filter(batch_id=OuterRef("id"), status=ItemStatus.COMPLETED).values("id")
    known, new = (Subquery(items.filter(duplicate=duplicate)[:1]) for duplicate in (True, False))
    found = UploadBatch.objects.filter(id__in=candidates).annotate(known=known, new=new)
    return set(found.filter(known__isnull=False, new=None).values_list("id", flat=True))


def _is_complete(batch: UploadBatch) -> bool:
    """Return whether the batch is an import and all its expected files arrived and completed."""
    is_completed_import = batch.kind == BatchKind.IMPORT and batch.status == BatchStatus.COMPLETED
    return is_completed_import and 0 < batch.successful == batch.expected_total
