"""One cheap look at whether anything is to be put right, so that an idle reconciler costs next to nothing."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings

from batches.engine.liveness import WORKER_LOCK_CLASS
from uploads.database import fetch_row

# Every part walks a small partial index: item_processing, item_lost_worker, batch_unfinished, batch_cancelling, item_receiving,
# item_queue.
MAINTENANCE_CHECK = """
SELECT EXISTS (SELECT FROM batches_batchitem WHERE status = 'processing' AND (claimed_until < clock_timestamp()
            OR worker NOT IN (SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2
                                 AND granted AND classid = %(locks)s::oid AND database =
                                     (SELECT oid FROM pg_database WHERE datname = current_database()))))
            OR EXISTS (SELECT FROM batches_batchitem WHERE lost_worker IS NOT NULL),
       EXISTS (SELECT FROM batches_uploadbatch WHERE status IN ('pending', 'processing', 'paused')
            AND sealed_at IS NOT NULL AND total = successful + failed + cancelled),
       EXISTS (SELECT FROM batches_uploadbatch WHERE cancelling),
       EXISTS (SELECT FROM batches_uploadbatch batch WHERE status IN ('pending', 'processing', 'paused')
            AND updated_at < clock_timestamp() - %(abandoned)s
            AND (sealed_at IS NULL OR (SELECT min(batch_id) FROM batches_batchitem
                  WHERE batch_id = batch.id AND status = 'receiving') IS NOT NULL)),
       (SELECT count(*) FROM (SELECT FROM batches_uploadbatch batch CROSS JOIN LATERAL
            (SELECT FROM batches_batchitem WHERE batch_id = batch.id AND queue_position IS NOT NULL
              ORDER BY queue_position LIMIT %(most)s) item WHERE batch.status = 'processing' LIMIT %(most)s) waiting)
"""


@dataclass(frozen=True, slots=True)
class MaintenanceNeeds:
    """What there may be to do. `waiting` counts waiting files of running batches, up to the number asked for."""

    lost_claims: bool
    completable_batches: bool
    unfinished_cancellations: bool
    expired_batches: bool
    waiting: int


def check_maintenance(most: int) -> MaintenanceNeeds:
    """Look; `most` bounds the count of waiting files."""
    row = fetch_row(
        MAINTENANCE_CHECK,
        {"locks": WORKER_LOCK_CLASS, "abandoned": timedelta(seconds=settings.EXPIRY_SECONDS), "most": most},
    )
    return MaintenanceNeeds(*row) if row else MaintenanceNeeds(False, False, False, False, 0)
