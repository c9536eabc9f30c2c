"""Decide which worker processes are dead.

A worker may only have lost its connection, so it counts as dead after its lock has been missing for a while.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models.functions import Now

from batches.engine.liveness import live_workers
from batches.models import Worker

# A live process retakes a lost lock within a second or two.
CONFIRM_AFTER = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class WorkerCheck:
    """The ids of all live workers, and which of the checked ones are dead or made an orderly stop.

    A checked worker that is in none of these sets may still retake its lock.
    """

    live: frozenset[int]
    dead: frozenset[int] = frozenset()
    stopped: frozenset[int] = frozenset()


def check_workers(workers: set[int], *, deciding: bool = True) -> WorkerCheck:
    """Check these workers, and record when a missing one was first noticed. Call it in a short transaction.

    A worker without a row counts as dead. With `deciding` false, nothing is recorded and no worker counts as dead. A
    process that retakes its lock then clears the record; it waits while its row is locked here.
    """
    if deciding:
        list(Worker.objects.select_for_update().filter(id__in=workers).order_by("id").values_list("id"))
    live = frozenset(live_workers())
    if not deciding:
        return WorkerCheck(live)
    missing = Worker.objects.filter(id__in=workers - live)
    missing.filter(missing_since=None).update(missing_since=Now())
    may_return = missing.filter(missing_since__gt=Now() - CONFIRM_AFTER).values_list("id", flat=True)
    stopped = frozenset(missing.filter(stopped_at__isnull=False).values_list("id", flat=True))
    return WorkerCheck(live, frozenset(workers - live - stopped - set(may_return)), stopped)
