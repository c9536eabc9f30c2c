"""Deleting a batch: out of sight at once, its rows in small steps that any process may take up.

Each step is a transaction of its own. It locks items, then uploads, then batches, each in the order of their ids, as
every finish does. A picture goes with the last item that refers to it.
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
# A file whose sender is gone may just be stored under its item's key; it is given up long before.
LONGEST_STORING = timedelta(hours=1)

# Several processes take turns at one batch: each takes what the others have not. Only item_of_batch gives this order of
# a range; a walk of the primary key would pass the rows of all other batches again and again.
TAKE = """
DELETE FROM batches_batchitem
 WHERE id = ANY(ARRAY(SELECT id FROM batches_batchitem WHERE batch_id BETWEEN %(batch)s AND %(batch)s
                       ORDER BY batch_id, id LIMIT %(chunk)s FOR UPDATE SKIP LOCKED))
RETURNING id, status, upload_id, error_code
"""
# min() within two bounds walks the index on items' uploads whatever the statistics say. NOT EXISTS would be made a
# join, and an equality with LIMIT 1 tempts the planner where one picture came often: both may read the whole table.
UNSHARED = """
SELECT upload.id FROM unnest(%(ids)s::bigint[]) AS upload (id)
 WHERE (SELECT min(item.upload_id) FROM batches_batchitem AS item
         WHERE item.upload_id BETWEEN upload.id AND upload.id) IS NULL
"""
COUNTERS = {ItemStatus.COMPLETED: "successful", ItemStatus.FAILED: "failed", ItemStatus.CANCELLED: "cancelled"}


def begin_deletion(batch_id: int) -> bool:
    """Let a batch vanish for good, with its re-analyses, cancelled if it was live. False: it was not there.

    One short transaction however large it is; `delete_step` does the rest.
    """
    return bool(_vanish(Q(id=batch_id) | Q(source_id=batch_id)))


def deleting_batches() -> list[int]:
    """Return the ids of the batches whose rows are still to go, the oldest first, at most 100."""
    deleting = UploadBatch.all_objects.filter(deleting_since__isnull=False)
    return list(deleting.order_by("id").values_list("id", flat=True)[:100])


def delete_chunk(batch_id: int) -> tuple[int, list[int]]:
    """Delete up to CHUNK items of a batch that is being deleted, and the pictures that only they referred to.

    Returns how many items went, and the ids of those whose bytes may not have come to their end: their parts may go.
    (0, []): nothing is left, or other processes are at what is.
    """
    if UploadBatch.all_objects.filter(id=batch_id, total__gt=F("successful") + F("failed") + F("cancelled")).exists():
        # From here on nobody else has to do with these items, so nobody waits for what is locked below.
        cancel_items(batch_id)
    with transaction.atomic():
        items = fetch_rows(TAKE, {"batch": batch_id, "chunk": CHUNK})
        delete_history([id for id, _, _, _ in items])
        uploads = lock_uploads({upload for _, _, upload, _ in items if upload})
        delete_uploads([id for (id,) in fetch_rows(UNSHARED, {"ids": uploads})])
        cut_off = [id for id, status, upload, code in items if not upload and _was_receiving(status, code)]
        schedule_deletion([storage_key(id) for id in cut_off], LONGEST_STORING)
        _count_off(batch_id, Counter(status for _, status, _, _ in items))
    return len(items), cut_off


def finish_deletion(batch_id: int) -> bool:
    """Delete the batch's own row when no item of it is left. A re-analysis that was begun meanwhile vanishes too."""
    _vanish(Q(source_id=batch_id))
    with transaction.atomic():
        batch = UploadBatch.all_objects.filter(id=batch_id, deleting_since__isnull=False)
        if not list(batch.select_for_update(skip_locked=True).values_list("id")):
            return False
        if BatchItem.objects.filter(batch_id=batch_id).exists():
            return False
        batch.delete()
    return True


def _vanish(which: Q) -> int:
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


def _count_off(batch_id: int, statuses: "Counter[str]") -> None:
    """Keep the counters equal to the rows that are left."""
    counters = {COUNTERS[ItemStatus(status)]: F(COUNTERS[ItemStatus(status)]) - n for status, n in statuses.items()}
    if counters:
        UploadBatch.all_objects.filter(id=batch_id).update(total=F("total") - statuses.total(), **counters)
