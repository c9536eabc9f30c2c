"""Find the pictures next to one picture of an import, in the order of the import's files."""

from collections.abc import Sequence

from django.db.models import Min, QuerySet

from batches.models import BatchItem, UploadBatch
from batches.models.states import ItemResult, ItemStatus
from uploads.models import Upload, library_pictures
from uploads.picture_lists import AFTER, BEFORE, Neighbours, in_ids

PAGE, PAGES = 200, 10
"""How many items to read at a time, and how many times at most. Long runs of items without a shown picture are rare."""


def in_batch(batch: UploadBatch, upload: Upload) -> Neighbours:
    """Return the neighbours of a picture in an import; none if the import does not contain the picture."""
    first = stored_items(batch.id).filter(upload_id=upload.pk).order_by("id").values_list("id", flat=True).first()
    if first is None:
        return Neighbours()
    before = _nearest(batch, first, BEFORE, forwards=False)
    after = _nearest(batch, first, AFTER, forwards=True)
    found = in_ids(batch.owner_id, [*reversed(before), upload.pk, *after], upload.pk)
    return Neighbours(found.before, found.after)


def stored_items(batch_id: int) -> QuerySet[BatchItem]:
    """Return the import's completed items that are pictures, including pictures that the library no longer shows."""
    items = BatchItem.objects.filter(batch_id=batch_id, status=ItemStatus.COMPLETED, upload__isnull=False)
    return items.filter(result__in=(ItemResult.NEW, ItemResult.DUPLICATE))


def items_from(batch_id: int, item_id: int, *, forwards: bool) -> QuerySet[BatchItem]:
    """Return the stored items after or before an item, nearest first."""
    items = stored_items(batch_id)
    return items.filter(id__gt=item_id).order_by("id") if forwards else items.filter(id__lt=item_id).order_by("-id")


def _nearest(batch: UploadBatch, item_id: int, count: int, *, forwards: bool) -> list[int]:
    """Return the ids of the pictures that follow or precede an item, nearest first."""
    found: list[int] = []
    for _page in range(PAGES):
        rows = list(items_from(batch.id, item_id, forwards=forwards).values_list("id", "upload_id")[:PAGE])
        found += _shown(batch, [(item, upload) for item, upload in rows if upload is not None])
        if len(found) >= count or len(rows) < PAGE:
            break
        item_id = rows[-1][0]
    return found[:count]


def _shown(batch: UploadBatch, rows: Sequence[tuple[int, int]]) -> list[int]:
    """Return the ids of the items' pictures that the library shows. A picture is returned only for its first item."""
    ids = [upload_id for _item, upload_id in rows]
    items = stored_items(batch.id).filter(upload_id__in=ids).order_by().values_list("upload_id")
    first = dict(items.annotate(Min("id")))
    shown = set(library_pictures(batch.owner_id).filter(id__in=ids).values_list("id", flat=True))
    return [upload_id for item, upload_id in rows if upload_id in shown and first[upload_id] == item]
