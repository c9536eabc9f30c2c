"""Check with one cheap query what maintenance may be needed, so that an idle reconciler uses few resources."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings

from batches.engine.liveness import LIVE_WORKERS, WORKER_LOCK_CLASS
from batches.models.batch import ENDED_ITEMS_SQL
from batches.models.states import LIVE_BATCHES, sql_states
from uploads.database import fetch_row

# Every subquery uses a small partial index: item_processing, item_lost_worker, batch_live, batch_cancelling,
# sidecarentry_due, item_receiving or item_queue.
MAINTENANCE_CHECK = f"""
SELECT EXISTS (SELECT FROM batches_batchitem WHERE status = 'processing' AND (claimed_until < clock_timestamp()
            OR worker NOT IN ({LIVE_WORKERS})))
            OR EXISTS (SELECT FROM batches_batchitem WHERE lost_worker IS NOT NULL),
       EXISTS (SELECT FROM batches_uploadbatch WHERE status IN ({sql_states(LIVE_BATCHES)})
            AND sealed_at IS NOT NULL AND total = {ENDED_ITEMS_SQL}),
       EXISTS (SELECT FROM batches_uploadbatch WHERE cancelling),
       EXISTS (SELECT FROM batches_sidecarentry WHERE is_due),
       EXISTS (SELECT FROM batches_uploadbatch batch WHERE status IN ({sql_states(LIVE_BATCHES)})
            AND updated_at < clock_timestamp() - %(expiry)s
            AND (sealed_at IS NULL OR (SELECT min(batch_id) FROM batches_batchitem
                  WHERE batch_id = batch.id AND status = 'receiving') IS NOT NULL)),
       (SELECT count(*) FROM (SELECT FROM batches_uploadbatch batch CROSS JOIN LATERAL
            (SELECT FROM batches_batchitem WHERE batch_id = batch.id AND queue_position IS NOT NULL
              ORDER BY queue_position LIMIT %(limit)s) item WHERE batch.status = 'processing' LIMIT %(limit)s) pending)
"""


@dataclass(frozen=True, slots=True)
class MaintenanceNeeds:
    """What maintenance may be needed. `pending` is the number of pending items of running batches, up to a limit."""

    lost_claims: bool
    completable_batches: bool
    unfinished_cancellations: bool
    due_sidecars: bool
    expired_batches: bool
    pending: int

    @property
    def repairs(self) -> bool:
        """Whether anything other than pending items may need attention."""
        return (
            self.lost_claims
            or self.completable_batches
            or self.unfinished_cancellations
            or self.due_sidecars
            or self.expired_batches
        )


def check_maintenance(limit: int) -> MaintenanceNeeds:
    """Return what maintenance may be needed. At most `limit` pending items are counted."""
    row = fetch_row(
        MAINTENANCE_CHECK,
        {"locks": WORKER_LOCK_CLASS, "expiry": timedelta(seconds=settings.EXPIRY_SECONDS), "limit": limit},
    )
    return MaintenanceNeeds(*row) if row else MaintenanceNeeds(False, False, False, False, False, 0)
