"""Whose turn it is: round robin over owners, then over an owner's batches, imports before re-analysis."""

from typing import NamedTuple

from django.conf import settings
from django.db import transaction

from batches.messaging import wake_ups
from batches.models import OwnerSchedule, UploadBatch
from uploads.database import fetch_row

# One turn is taken at a time; without the lock, in a statement of its own, threads would pick in lockstep.
SCHEDULER_LOCK = 0x76_75_65_00_01
LOCK = "SELECT pg_advisory_xact_lock(%(lock)s), set_config('synchronous_commit', 'off', true)"

# min() walks item_queue to its first row; an EXISTS would be made a join, which may read the whole table.
NEXT_BATCH = """
WITH turn AS (
    SELECT batch.id, batch.owner_id, count(*) OVER () AS waiting
      FROM batches_uploadbatch batch LEFT JOIN batches_ownerschedule owner ON owner.owner_id = batch.owner_id
     WHERE batch.status = 'processing'
       AND (SELECT min(queue_position) FROM batches_batchitem WHERE batch_id = batch.id) IS NOT NULL
       AND (%(cap)s = 0 OR %(cap)s > (SELECT count(*) FROM batches_batchitem
                                       WHERE batch_id = batch.id AND status = 'processing'))
     ORDER BY owner.last_served NULLS FIRST, batch.owner_id, batch.kind <> 'import', batch.last_served NULLS FIRST,
              batch.id
     LIMIT 1
), owner_served AS (
    INSERT INTO batches_ownerschedule (owner_id, last_served) SELECT owner_id, clock_timestamp() FROM turn
    ON CONFLICT (owner_id) DO UPDATE SET last_served = excluded.last_served
)
UPDATE batches_uploadbatch SET last_served = clock_timestamp() FROM turn WHERE batches_uploadbatch.id = turn.id
RETURNING batches_uploadbatch.id, turn.waiting
"""


class ScheduledBatch(NamedTuple):
    """Whose turn it is, and how many batches waited for one, this among them."""

    batch_id: int
    waiting_batches: int


def next_batch() -> ScheduledBatch | None:
    """Give a turn to the least recently served owner, and among that owner's batches likewise; None: nothing waits."""
    with transaction.atomic():
        fetch_row(LOCK, {"lock": SCHEDULER_LOCK})
        row = fetch_row(NEXT_BATCH, {"cap": settings.BATCH_PARALLEL})
    return None if row is None else ScheduledBatch(*row)


def prioritize_batch(batch_id: int) -> None:
    """Put a batch, and its owner, first in the round."""
    batch = UploadBatch.objects.filter(id=batch_id)
    batch.update(last_served=None)
    OwnerSchedule.objects.filter(owner__batches__in=batch).update(last_served=None)
    wake_ups.notify_workers(wake_ups.total_threads())
