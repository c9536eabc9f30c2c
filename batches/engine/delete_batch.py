"""Delete a batch: hide it immediately, then delete its rows in small chunks.

Any process may delete chunks, each in one transaction. A picture is deleted together with the last item that keeps it
(see KEEPS_PICTURE).
"""

from collections import Counter
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from batches.engine.attempt_history import delete_history
from batches.engine.cancel import cancel_items
from batches.engine.delete_archives import forget_entries
from batches.engine.delete_pictures import (
    TRIES,
    NewReference,
    count_failures,
    detach_items,
    lock_weak_references,
    weak_references,
)
from batches.engine.sidecar_entries import delete_sidecars, forget_pictures
from batches.engine.transitions import move_batches
from batches.messaging import live_events
from batches.models import ArchiveEntry, BatchItem, UploadBatch
from batches.models.error_codes import RESENDABLE_CODES
from batches.models.states import COUNTERS, RESULT_COUNTERS, BatchStatus, ItemResult, ItemStatus
from batches.models.storage_key import storage_key
from uploads.database import fetch_rows
from uploads.storage.file_deletion import delete_uploads, lock_uploads, schedule_deletion

CHUNK = 500
# A request may continue to write a file under its item's storage key after the client has disconnected, but for no
# longer than this.
MAX_STORING_TIME = timedelta(hours=1)

# Several processes may delete items of the same batch, because each skips the rows that the others have locked. The
# range condition and the order make the planner use the index item_batch; a scan of the primary key would read the rows
# of all other batches for every chunk.
DELETE_ITEMS = """
DELETE FROM batches_batchitem
 WHERE id = ANY(ARRAY(SELECT id FROM batches_batchitem WHERE batch_id BETWEEN %(batch)s AND %(batch)s
                       ORDER BY batch_id, id LIMIT %(chunk)s FOR UPDATE SKIP LOCKED))
RETURNING id, status, result, upload_id, error_code, finished_at
"""
# Items that do not keep their picture (see KEEPS_PICTURE) do not count as references; the caller has locked these items
# and passes their ids as `ignored`. min() with BETWEEN always uses the index on upload_id. Other forms of the condition
# may scan the whole table: the planner turns NOT EXISTS into a join, and with `upload_id = … LIMIT 1` it may ignore the
# index if a picture has many items.
UNREFERENCED_UPLOADS = """
SELECT upload.id FROM unnest(%(ids)s::bigint[]) AS upload (id)
 WHERE (SELECT min(item.upload_id) FROM batches_batchitem AS item
         WHERE item.upload_id BETWEEN upload.id AND upload.id AND NOT item.id = ANY(%(ignored)s)) IS NULL
"""


class _DeletedItem(NamedTuple):
    id: int
    status: str
    result: str
    upload_id: int | None
    error_code: str
    finished_at: datetime | None

    @property
    def may_have_partial_file(self) -> bool:
        if self.upload_id:
            return False
        if self.status == ItemStatus.MISSING:
            return self.finished_at is not None
        return self.status == ItemStatus.CANCELLED or self.error_code in RESENDABLE_CODES


def begin_deletion(batch_id: int) -> bool:
    """Permanently hide a batch and its re-analyses, and cancel those that are live. Return False if nothing was hidden.

    This is one short transaction, however large the batch is. `delete_chunk` deletes the rows later.
    """
    return bool(_hide(Q(id=batch_id) | Q(source_id=batch_id)))


def deleting_batches() -> list[int]:
    """Return the ids of up to 100 batches whose rows still have to be deleted, oldest first."""
    deleting = UploadBatch.all_objects.filter(deleting_since__isnull=False)
    return list(deleting.order_by("id").values_list("id", flat=True)[:100])


def delete_chunk(batch_id: int) -> tuple[int, list[int]]:
    """Delete up to CHUNK items of a batch that is being deleted, and the pictures that no other import refers to.

    Return how many items were deleted, and the ids of those that may have a partial file; the caller must delete these
    files. The result is (0, []) if no items are left, if other processes have locked the remaining ones, or if every
    attempt failed because a re-analysis began to refer to their pictures.
    """
    batch = UploadBatch.all_objects.filter(id=batch_id).first()
    if batch is None:
        return 0, []
    if batch.remaining:
        # Workers no longer write to cancelled items, so no worker has to wait for the row locks taken below.
        cancel_items(batch_id)
    for _try in range(TRIES):
        try:
            with transaction.atomic():
                return _delete_items(batch)
        except NewReference:
            continue
    return 0, []


def _delete_items(batch: UploadBatch) -> tuple[int, list[int]]:
    items = [_DeletedItem(*row) for row in fetch_rows(DELETE_ITEMS, {"batch": batch.id, "chunk": CHUNK})]
    ids = [item.id for item in items]
    delete_history(ids)
    ArchiveEntry.objects.filter(item_id__in=ids).delete()
    delete_sidecars([item.id for item in items if item.result == ItemResult.SIDECAR])
    # A batch that keeps no pictures has none to delete. Checking anyway would lock the items of other such batches, and
    # two such deletions could deadlock.
    failing = _delete_pictures({item.upload_id for item in items if item.upload_id and batch.keeps_pictures})
    incomplete = [item.id for item in items if item.may_have_partial_file]
    schedule_deletion([storage_key(id) for id in incomplete], MAX_STORING_TIME)
    _subtract(batch.id, Counter((item.status, item.result) for item in items))
    count_failures(failing)
    return len(items), incomplete


def _delete_pictures(ids: set[int]) -> "Counter[int]":
    """Delete the pictures in `ids` that no import refers to any more; return how many items failed, by batch id.

    Raises NewReference if a batch that keeps no pictures, such as a re-analysis of the library, added an item for one
    of the pictures after the existing items were locked. The caller must then start again. Otherwise, this function
    would count the new item as a reference and keep the picture, and nothing would delete the picture later.
    """
    weak = lock_weak_references(ids)
    uploads = lock_uploads(ids)
    if weak_references(ids).count() > len(weak):
        raise NewReference
    ignored = [item.id for item in weak]
    unreferenced = [id for (id,) in fetch_rows(UNREFERENCED_UPLOADS, {"ids": uploads, "ignored": ignored})]
    failing = detach_items([item for item in weak if item.upload_id in set(unreferenced)])
    forget_entries(unreferenced)
    forget_pictures(unreferenced)
    delete_uploads(unreferenced)
    return failing


def finish_deletion(batch_id: int) -> bool:
    """Delete the batch's row if the batch has no items left; return whether the row was deleted.

    Also hide any re-analyses of this batch that were started after `begin_deletion`.
    """
    _hide(Q(source_id=batch_id))
    with transaction.atomic():
        batch = UploadBatch.all_objects.filter(id=batch_id, deleting_since__isnull=False)
        if not list(batch.select_for_update(skip_locked=True).values_list("id")):
            return False
        if BatchItem.objects.filter(batch_id=batch_id).exists():
            return False
        batch.delete()
    return True


def _hide(which: Q) -> int:
    now = timezone.now()
    with transaction.atomic():
        ids = list(UploadBatch.objects.select_for_update().filter(which).order_by("id").values_list("id", flat=True))
        batches = UploadBatch.objects.filter(id__in=ids)
        hidden = {"deleting_since": now, "updated_at": now}
        move_batches(batches, BatchStatus.CANCELLED, cancelling=True, completed_at=now, **hidden)
        batches.update(**hidden)  # also hide the batches that were not live
    live_events.notify_batches_changed(ids, final=True)
    return len(ids)


def _subtract(batch_id: int, deleted: "Counter[tuple[str, str]]") -> None:
    """Subtract the deleted items from the batch's counters. `deleted` counts them by status and result."""
    counted: Counter[str] = Counter()
    for (status, result), items in deleted.items():
        counted[COUNTERS[ItemStatus(status)]] += items
        if status != ItemStatus.IGNORED:
            counted["total"] += items
        if result in RESULT_COUNTERS:
            counted[RESULT_COUNTERS[ItemResult(result)]] += items
    if counted:
        changes = {counter: F(counter) - items for counter, items in counted.items()}
        UploadBatch.all_objects.filter(id=batch_id).update(**changes)
