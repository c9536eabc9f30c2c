"""Commands that delete pictures and batches.

A deleted batch is invisible by the time the call returns; its rows and files are removed in the background. Deleted
pictures disappear from all pages immediately; their files are removed later. Repeating a deletion has no effect.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q

from batches.engine.delete_batch import begin_deletion
from batches.engine.delete_pictures import delete_pictures as delete_uploads
from batches.models import BatchItem, UploadBatch
from batches.models.item import KEEPS_PICTURE
from batches.models.managers import in_visible_batches
from batches.models.scope import DELETE_BATCHES, DELETE_PICTURES, NotFound, Scope
from batches.services.selection import select_pictures
from uploads.models import Upload


@dataclass(frozen=True, slots=True)
class DeletionExtent:
    """How many files and pictures would be deleted or kept if a batch were deleted.

    `files` is the number of files in the batch, `pictures` the number of pictures that would be deleted, and `shared`
    the number of pictures that would be kept because other batches contain them too.
    """

    files: int
    pictures: int
    shared: int


def delete_pictures(scope: Scope, ids: Collection[int]) -> int:
    """Delete the pictures that the scope covers, with their parts; return how many were deleted, including parts.

    Raises Refused: `picture.too_many` if there are more than MAX_PICTURES ids, or `picture.busy` if the pictures are
    currently being added again.
    """
    existing = list(select_pictures(scope, ids, DELETE_PICTURES).values_list("id", flat=True))
    return delete_uploads(existing) if existing else 0


def delete_batch(scope: Scope, batch_id: int) -> bool:
    """Delete a batch, its re-analyses, and the pictures that no other batch contains. A live batch is cancelled first.

    Return False if the batch is already being deleted. Raises NotFound.
    """
    if not scope.filter(UploadBatch.all_objects.filter(id=batch_id), DELETE_BATCHES).exists():
        raise NotFound
    return begin_deletion(batch_id)


def deletion_extent(batch: UploadBatch) -> DeletionExtent:
    """Count what deleting a batch would delete and what it would keep."""
    deleted = Q(batch_id=batch.id) | Q(batch__source_id=batch.id) | ~KEEPS_PICTURE
    items = in_visible_batches(BatchItem.objects.filter(upload_id=OuterRef("id")))
    pictures = Upload.objects.filter(id__in=BatchItem.objects.filter(batch_id=batch.id).values("upload_id"))
    shared = pictures.filter(Exists(items.exclude(deleted))).count()
    return DeletionExtent(batch.total, pictures.count() - shared, shared)
