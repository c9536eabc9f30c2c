"""Decide which worker processes are dead.

A worker without a lock may merely have lost its connection, so it counts as dead only after its lock has been missing
for CONFIRM_AFTER.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models.functions import Now

from batches.engine.liveness import live_workers
from batches.models import Worker

# A live process that lost its lock reacquires it within a second or two.
CONFIRM_AFTER = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class WorkerCheck:
    """The ids of all live workers, and of those checked workers that are dead or stopped normally.

    A checked worker that is in none of these sets may still reacquire its lock.
    """

    live: frozenset[int]
    dead: frozenset[int] = frozenset()
    stopped: frozenset[int] = frozenset()


def check_workers(workers: set[int], *, deciding: bool = True) -> WorkerCheck:
    """Check which workers are live and which of `workers` are dead or stopped; record when one was first found missing.

    A worker without a row counts as dead. Keep the transaction short: this function locks the workers' rows, and a
    process that reacquires its lock must wait before it can clear `missing_since` in its row. If `deciding` is false,
    nothing is locked or recorded, and no worker counts as dead or stopped.
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
