"""Delete the rows of worker processes that ended long ago. Every worker process inserts a row when it starts."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from batches.engine.liveness import live_workers
from batches.engine.lost_workers import check_workers
from batches.engine.status import recovered_workers
from batches.models import BatchItem, Worker
from batches.models.states import ItemStatus

# A new process inserts its row shortly before it acquires its lock. A worker without a lock is therefore recorded as
# missing only if it started longer ago than this.
STARTING_TIME = timedelta(days=1)


def prune_workers(retention: timedelta, limit: int) -> int:
    """Delete at most `limit` rows of workers that ended longer than `retention` ago; return how many were deleted.

    Keep the rows that items refer to, and those of the latest recoveries, which the status page shows. If a worker's
    end was never recorded, record the worker as missing now, which starts its retention period.
    """
    _record_missing(limit)
    before = timezone.now() - retention
    ended = Worker.objects.filter(Q(stopped_at__lt=before) | Q(missing_since__lt=before)).exclude(id__in=_referenced())
    with transaction.atomic():
        # Lock the rows: if a process reacquires its lock, it clears `missing_since`, and its row must then be kept.
        locked = ended.select_for_update(skip_locked=True).order_by("id")
        ids = list(locked.values_list("id", flat=True)[:limit])
        return Worker.objects.filter(id__in=ids).delete()[0]


def _record_missing(limit: int) -> None:
    started = Worker.objects.filter(started_at__lt=timezone.now() - STARTING_TIME)
    unrecorded = started.filter(stopped_at=None, missing_since=None).exclude(id__in=live_workers())
    with transaction.atomic():
        check_workers(set(unrecorded.order_by("id").values_list("id", flat=True)[:limit]))


def _referenced() -> set[int]:
    claiming = BatchItem.objects.filter(status=ItemStatus.PROCESSING).values_list("worker", flat=True)
    lost = BatchItem.objects.filter(lost_worker__isnull=False).values_list("lost_worker", flat=True)
    referenced = {worker for workers in (claiming, lost) for worker in workers.distinct() if worker is not None}
    return referenced | set(live_workers()) | set(recovered_workers().values_list("id", flat=True))
