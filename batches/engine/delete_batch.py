"""Delete a batch: hide it at once, then delete its rows in small chunks, which any process may do.

Each chunk is one transaction. A picture is deleted with the last item that refers to it.
"""

from collections import Counter
from datetime import timedelta

from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from batches.engine.attempt_history import delete_history
from batches.engine.cancel import cancel_items
from batches.messaging.live_events import notify_batches_changed
from batches.models import BatchItem, UploadBatch
from batches.models.error_codes import RESENDABLE_CODES
from batches.models.states import BatchStatus, ItemStatus, batch_sources
from batches.models.storage_key import storage_key
from uploads.database import fetch_rows
from uploads.storage.file_deletion import delete_uploads, lock_uploads, schedule_deletion

CHUNK = 500
# A request may still be storing a file under its item's key after its client disconnected, but not for this long.
MAX_STORING_TIME = timedelta(hours=1)

# Several processes may work on one batch: each skips the rows that others have locked. The range condition and the
# order make the planner use item_batch; walking the primary key would read the rows of all other batches for every
# chunk.
DELETE_ITEMS = """
DELETE FROM batches_batchitem
 WHERE id = ANY(ARRAY(SELECT id FROM batches_batchitem WHERE batch_id BETWEEN %(batch)s AND %(batch)s
                       ORDER BY batch_id, id LIMIT %(chunk)s FOR UPDATE SKIP LOCKED))
RETURNING id, status, upload_id, error_code
"""
# min() within two bounds always uses the index on items' uploads. NOT EXISTS would become a join, and for an equality
# with LIMIT 1 the planner may ignore the index if a picture has many items: both may read the whole table.
UNREFERENCED_UPLOADS = """
SELECT upload.id FROM unnest(%(ids)s::bigint[]) AS upload (id)
 WHERE (SELECT min(item.upload_id) FROM batches_batchitem AS item
         WHERE item.upload_id BETWEEN upload.id AND upload.id) IS NULL
"""
COUNTERS = {ItemStatus.COMPLETED: "successful", ItemStatus.FAILED: "failed", ItemStatus.CANCELLED: "cancelled"}


def begin_deletion(batch_id: int) -> bool:
    """Hide a batch and its re-analyses for good, cancelling what is live. Return False if it does not exist.

    One short transaction, however large the batch is; `delete_chunk` deletes the rows.
    """
    return bool(_hide(Q(id=batch_id) | Q(source_id=batch_id)))


def deleting_batches() -> list[int]:
    """Return the ids of the batches whose rows are still to be deleted, oldest first, at most 100."""
    deleting = UploadBatch.all_objects.filter(deleting_since__isnull=False)
    return list(deleting.order_by("id").values_list("id", flat=True)[:100])


def delete_chunk(batch_id: int) -> tuple[int, list[int]]:
    """Delete up to CHUNK items of a batch that is being deleted, and the pictures that only they referred to.

    Return how many items were deleted, and the ids of those whose bytes may be incomplete: the caller deletes their
    partial files. (0, []) means that nothing is left, or that other processes have locked the rest.
    """
    if UploadBatch.all_objects.filter(id=batch_id, total__gt=F("successful") + F("failed") + F("cancelled")).exists():
        # After this no worker writes to these items, so none waits for the locks below.
        cancel_items(batch_id)
    with transaction.atomic():
        items = fetch_rows(DELETE_ITEMS, {"batch": batch_id, "chunk": CHUNK})
        delete_history([id for id, _, _, _ in items])
        uploads = lock_uploads({upload for _, _, upload, _ in items if upload})
        delete_uploads([id for (id,) in fetch_rows(UNREFERENCED_UPLOADS, {"ids": uploads})])
        incomplete = [id for id, status, upload, code in items if not upload and _was_receiving(status, code)]
        schedule_deletion([storage_key(id) for id in incomplete], MAX_STORING_TIME)
        _subtract(batch_id, Counter(status for _, status, _, _ in items))
    return len(items), incomplete


def finish_deletion(batch_id: int) -> bool:
    """Delete the batch's row if it has no items left; return whether it was deleted.

    Also hides re-analyses of it that were started after `begin_deletion`.
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
        live = Q(status__in=batch_sources(BatchStatus.CANCELLED))
        UploadBatch.objects.filter(id__in=ids).update(
            deleting_since=now,
            updated_at=now,
            completed_at=Coalesce("completed_at", now),
            cancelling=Case(When(live, then=Value(True)), default=F("cancelling")),
            status=Case(When(live, then=Value(BatchStatus.CANCELLED)), default=F("status")),
        )
    notify_batches_changed(ids, final=True)
    return len(ids)


def _was_receiving(status: str, code: str) -> bool:
    return status == ItemStatus.CANCELLED or code in RESENDABLE_CODES


def _subtract(batch_id: int, statuses: "Counter[str]") -> None:
    """Keep the counters equal to the rows that are left."""
    counters = {COUNTERS[ItemStatus(status)]: F(COUNTERS[ItemStatus(status)]) - n for status, n in statuses.items()}
    if counters:
        UploadBatch.all_objects.filter(id=batch_id).update(total=F("total") - statuses.total(), **counters)
