"""The rows of worker processes that ended long ago: every start makes one, and nothing asks for most of them again."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from batches.engine.liveness import live_workers
from batches.engine.lost_workers import check_workers
from batches.engine.status import recovered_workers
from batches.models import BatchItem, Worker
from batches.models.states import ItemStatus

# One that starts has its row a moment before its lock.
SURELY_STARTED = timedelta(days=1)


def prune_workers(kept: timedelta, most: int) -> int:
    """Delete rows of workers that have been gone for longer than `kept`, at most `most`; returns how many.

    Those that a file names stay, and those whose files were taken back lately, which are shown. Since when one is gone
    that did not stop in order, nobody may have noted: then it is missed from now on.
    """
    _miss(most)
    before = timezone.now() - kept
    gone = Worker.objects.filter(Q(stopped_at__lt=before) | Q(missing_since__lt=before)).exclude(id__in=_needed())
    with transaction.atomic():
        # Locked: one that comes back clears its note afterwards, and one that did is not found.
        locked = gone.select_for_update(skip_locked=True).order_by("id")
        ids = list(locked.values_list("id", flat=True)[:most])
        return Worker.objects.filter(id__in=ids).delete()[0]


def _miss(most: int) -> None:
    started = Worker.objects.filter(started_at__lt=timezone.now() - SURELY_STARTED)
    unnoted = started.filter(stopped_at=None, missing_since=None).exclude(id__in=live_workers())
    with transaction.atomic():
        check_workers(set(unnoted.order_by("id").values_list("id", flat=True)[:most]))


def _needed() -> set[int]:
    in_hand = BatchItem.objects.filter(status=ItemStatus.PROCESSING).values_list("worker", flat=True)
    lost = BatchItem.objects.filter(lost_worker__isnull=False).values_list("lost_worker", flat=True)
    named = {worker for workers in (in_hand, lost) for worker in workers.distinct() if worker is not None}
    return named | set(live_workers()) | set(recovered_workers().values_list("id", flat=True))
