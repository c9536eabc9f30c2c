"""Delete pictures from the library. The items that refer to them stay in their batches.

An item in progress fails immediately, so finishing it later has no effect. A pending item fails when it is processed.
Both get the code `item.gone`. A finished item keeps its state, but no longer refers to a picture.

An item that had failed with a resendable code (one after which its file may be sent again) also gets the code
`item.gone`. With its old code and no picture, it would look as if its bytes had never arrived. If the file were sent
again, it would be stored under the item's old storage key, whose files are about to be deleted.
"""

from collections import Counter
from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from batches.engine.complete_batch import complete_batches
from batches.engine.delete_archives import forget_entries
from batches.engine.item_fields import FINISHED_FIELDS
from batches.engine.refusals import Refused
from batches.engine.sidecar_entries import forget_pictures
from batches.engine.transitions import move_items
from batches.messaging import live_events
from batches.models import BatchItem, UploadBatch
from batches.models.error_codes import RESENDABLE_CODES, default_message
from batches.models.item import KEEPS_PICTURE
from batches.models.states import ItemStatus
from uploads.models import Upload
from uploads.storage.file_deletion import delete_uploads, lock_uploads

TRIES = 5
GONE = "item.gone"


class NewReference(Exception):
    """Another item or part began to refer to one of the pictures after the existing items were locked."""


def delete_pictures(ids: Collection[int], trashed_before: datetime | None = None) -> int:
    """Delete pictures with their parts and results in one transaction; return how many were deleted, including parts.

    Parts are files shown only with their picture, such as RAW files. The stored files are deleted afterwards. Unknown
    ids are ignored. If `trashed_before` is given, pictures that were not moved to the trash before that time are
    ignored too, because they may just have been restored. Raises Refused (`picture.busy`) if new items or parts began
    to refer to the pictures during every attempt.
    """
    for _try in range(TRIES):
        try:
            with transaction.atomic():
                deleted, failed, batches = _delete(ids, trashed_before)
        except NewReference:
            continue
        for batch_id in failed:
            complete_batches(batch_id)
        for batch_id in batches:
            live_events.notify_batch_changed(batch_id)
        return deleted
    raise Refused("picture.busy")


def _delete(ids: Collection[int], trashed_before: datetime | None) -> tuple[int, list[int], list[int]]:
    """Delete the pictures and their parts in the current transaction.

    Return how many were deleted, including parts, the ids of the batches in which items failed, and the ids of all
    batches whose items referred to the deleted pictures.
    """
    ids = {*ids, *_parts(ids)}
    references = BatchItem.objects.filter(upload_id__in=ids)
    items = _lock_items(references)
    uploads = lock_uploads(ids)
    if references.count() > len(items) or not _parts(ids) <= ids:
        raise NewReference
    if trashed_before is not None:
        expired = Upload.objects.filter(id__in=uploads, trashed_at__lt=trashed_before)
        uploads = sorted(expired.values_list("id", flat=True))
        items = [item for item in items if item.upload_id in set(uploads)]
    forget_entries(uploads)
    forget_pictures(uploads)
    failing = detach_items(items)
    deleted = delete_uploads(uploads)
    count_failures(failing)
    return deleted, sorted(failing), sorted({item.batch_id for item in items})


def weak_references(ids: Collection[int]) -> QuerySet[BatchItem]:
    """Return the items that refer to the pictures in `ids` but do not keep these pictures."""
    return BatchItem.objects.filter(~KEEPS_PICTURE, upload_id__in=ids)


def lock_weak_references(ids: Collection[int]) -> list[BatchItem]:
    """Return weak_references(ids), with their rows locked."""
    return _lock_items(weak_references(ids))


def detach_items(items: Collection[BatchItem]) -> "Counter[int]":
    """Detach locked items from their pictures, and fail those in progress. Return how many failed, by batch id."""
    _mark_gone([item.id for item in items])
    return Counter(item.batch_id for item in items if item.status == ItemStatus.PROCESSING)


def count_failures(failing: "Counter[int]") -> None:
    """Add the failures from detach_items() to the counters of their batches, in batch id order."""
    for batch_id in sorted(failing):
        batch = UploadBatch.all_objects.filter(id=batch_id)
        batch.update(failed=F("failed") + failing[batch_id], updated_at=timezone.now())


def _lock_items(items: QuerySet[BatchItem]) -> list[BatchItem]:
    locked = items.select_for_update(of=("self",)).order_by("id")
    return list(locked.only("id", "batch_id", "status", "upload_id"))


def _parts(ids: Collection[int]) -> set[int]:
    return set(Upload.objects.filter(part_of_id__in=ids).values_list("id", flat=True))


def _mark_gone(ids: list[int]) -> None:
    """Detach the items from their pictures, and give the code GONE to those in progress or with a resendable failure.

    Items in progress fail. The caller must have locked the rows.
    """
    gone = {"error_code": GONE, "error_message": default_message(GONE)}
    items = BatchItem.objects.filter(id__in=ids)
    items.filter(status=ItemStatus.FAILED, error_code__in=RESENDABLE_CODES).update(**gone)
    move_items(items, ItemStatus.FAILED, ItemStatus.PROCESSING, **FINISHED_FIELDS, **gone)
    items.update(upload=None)
