"""What people may delete: their pictures and batches, or with `everybody` anybody's for staff with the permissions.

A batch is out of sight when the call returns, and its rows and files go in the background; pictures are gone from all
pages, their files follow. Calling it again changes nothing.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser, User
from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from batches.engine.delete_batch import begin_deletion
from batches.engine.delete_pictures import delete_pictures as delete_uploads
from batches.engine.refusals import Refused
from batches.models import BatchItem, UploadBatch
from batches.models.managers import in_visible_batches
from batches.services.batches import NotFound
from uploads.models import Upload

BATCH_PERMISSION = "batches.delete_uploadbatch"
PICTURE_PERMISSION = "uploads.delete_upload"
MOST_PICTURES = 500


@dataclass(frozen=True, slots=True)
class Extent:
    """What goes with a batch: its files, the pictures that came by it alone, and those that stay with others."""

    files: int
    pictures: int
    shared: int


def may_delete_batches(user: User | AnonymousUser) -> bool:
    """Whether the user may delete everybody's batches: pictures go with them, which is a permission of its own."""
    return user.is_staff and user.has_perm(BATCH_PERMISSION) and may_delete_pictures(user)


def may_delete_pictures(user: User | AnonymousUser) -> bool:
    """Whether the user may delete everybody's pictures."""
    return user.is_staff and user.has_perm(PICTURE_PERMISSION)


def find_pictures(user: User | AnonymousUser, ids: Collection[int], *, everybody: bool = False) -> QuerySet[Upload]:
    """Return which of these pictures the user may delete: their own, or with `everybody` all for staff who may."""
    pictures = Upload.objects.filter(id__in=ids)
    return pictures if everybody and may_delete_pictures(user) else pictures.filter(owner_id=user.pk)


def delete_pictures(user: User | AnonymousUser, ids: Collection[int], *, everybody: bool = False) -> int:
    """Delete pictures wherever they came from; returns how many. What is gone, or somebody else's, is left out.

    Raises Refused: `upload.too_many` for more than MOST_PICTURES at a time, `upload.busy`.
    """
    if len(ids) > MOST_PICTURES:
        words = _("Delete at most %(most)s pictures at a time, or the batch that they came with.")
        raise Refused("upload.too_many", words % {"most": intcomma(MOST_PICTURES)})
    mine = list(find_pictures(user, ids, everybody=everybody).values_list("id", flat=True))
    return delete_uploads(mine) if mine else 0


def delete_batch(user: User | AnonymousUser, batch_id: int, *, everybody: bool = False) -> bool:
    """Delete a batch, its re-analyses, and the pictures that came by it alone; a live one is cancelled.

    False: it is being deleted already. Raises NotFound.
    """
    batches = UploadBatch.all_objects.filter(id=batch_id)
    if not (batches if everybody and may_delete_batches(user) else batches.filter(owner_id=user.pk)).exists():
        raise NotFound
    return begin_deletion(batch_id)


def extent_of(batch: UploadBatch) -> Extent:
    """Count what would go with a batch. One query over its files: for the page that asks before."""
    goes = Q(batch_id=batch.id) | Q(batch__source_id=batch.id)
    items = in_visible_batches(BatchItem.objects.filter(upload_id=OuterRef("id")))
    pictures = Upload.objects.filter(id__in=BatchItem.objects.filter(batch_id=batch.id).values("upload_id"))
    shared = pictures.filter(Exists(items.exclude(goes))).count()
    return Extent(batch.total, pictures.count() - shared, shared)
