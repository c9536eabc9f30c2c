"""Choose the next batch to process: round robin over owners, then over the owner's batches.

An owner's imports come before the owner's re-analyses. Text is read only while no owner has other pending files.
"""

from typing import NamedTuple

from django.conf import settings
from django.db import transaction

from batches.engine.in_flight import in_flight
from batches.messaging import wake_ups
from batches.models import OwnerSchedule, UploadBatch
from uploads.analysis.ocr.installed_models import reads_text
from uploads.database import fetch_row

# This advisory lock serialises calls of next_batch, so that concurrent threads choose different batches. A separate
# statement takes the lock, so that NEXT_BATCH sees what the previous holder of the lock committed.
SCHEDULER_LOCK = 0x76_75_65_00_01
LOCK = "SELECT pg_advisory_xact_lock(%(lock)s), set_config('synchronous_commit', 'off', true)"

# min() reads only the batch's first entry in the index item_queue. The planner would turn EXISTS into a join, which may
# scan the whole table.
NEXT_BATCH = """
WITH next AS (
    SELECT batch.id, batch.owner_id, count(*) OVER () AS waiting, batch.kind = 'text' AS is_background
      FROM batches_uploadbatch batch LEFT JOIN batches_ownerschedule owner ON owner.owner_id = batch.owner_id
     WHERE batch.status = 'processing' AND (batch.kind <> 'text' OR %(reads_text)s)
       AND (SELECT min(queue_position) FROM batches_batchitem WHERE batch_id = batch.id) IS NOT NULL
       AND (%(limit)s = 0 OR %(limit)s > (SELECT count(*) FROM batches_batchitem
                                           WHERE batch_id = batch.id AND status = 'processing'))
     ORDER BY batch.kind = 'text', owner.last_served NULLS FIRST, batch.owner_id, batch.kind <> 'import',
              batch.last_served NULLS FIRST, batch.id
     LIMIT 1
), owner_served AS (
    INSERT INTO batches_ownerschedule (owner_id, last_served) SELECT owner_id, clock_timestamp() FROM next
    ON CONFLICT (owner_id) DO UPDATE SET last_served = excluded.last_served
)
UPDATE batches_uploadbatch SET last_served = clock_timestamp() FROM next WHERE batches_uploadbatch.id = next.id
RETURNING batches_uploadbatch.id, next.waiting, next.is_background
"""
HAS_URGENT_WORK = """
SELECT EXISTS (SELECT FROM batches_uploadbatch batch WHERE status = 'processing' AND kind <> 'text'
                  AND (SELECT min(queue_position) FROM batches_batchitem WHERE batch_id = batch.id) IS NOT NULL)
"""


class ScheduledBatch(NamedTuple):
    """The batch to process, and the number of eligible batches with pending items, including this one.

    If `is_background` is true, choose again after each item, because a more urgent batch may have been added.
    """

    batch_id: int
    waiting_batches: int
    is_background: bool


def next_batch() -> ScheduledBatch | None:
    """Choose the least recently served owner, then that owner's next batch, and mark both as served now.

    Text batches are chosen only if no other batch of any owner waits. Return None if no batch has items that this
    process may claim. It may not claim items of text batches if it has no text recognition models, or while it is
    already reading the text in a picture.
    """
    with transaction.atomic():
        fetch_row(LOCK, {"lock": SCHEDULER_LOCK})
        row = fetch_row(NEXT_BATCH, {"limit": settings.BATCH_PARALLEL, "reads_text": _may_read_text()})
    return None if row is None else ScheduledBatch(*row)


def _may_read_text() -> bool:
    """Return whether this process may start to read a picture. Reading several at once would need too much memory."""
    return reads_text() and not any(job.claim.reads_text for job in in_flight.jobs())


def has_urgent_work() -> bool:
    """Return whether files are waiting that must be processed before text is read in the background."""
    return bool((fetch_row(HAS_URGENT_WORK, {}) or [False])[0])


def prioritize_batch(batch_id: int) -> None:
    """Put this batch and its owner first in the scheduler's order, and wake the workers.

    The owner's imports still come before a re-analysis.
    """
    batch = UploadBatch.objects.filter(id=batch_id)
    batch.update(last_served=None)
    OwnerSchedule.objects.filter(owner__batches__in=batch).update(last_served=None)
    wake_ups.notify_workers(wake_ups.total_threads())
