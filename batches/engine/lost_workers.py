"""Which worker processes are gone for good: missed at their lock by two looks, for a lost connection is no death."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models.functions import Now

from batches.engine.liveness import live_workers
from batches.models import Worker

# A living process takes its lost lock again within a second or two.
CERTAIN_AFTER = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class WorkerCheck:
    """Ids of the worker processes that hold their lock, and of those asked for that died or signed off at an orderly
    stop; others may come back.
    """

    living: frozenset[int]
    gone: frozenset[int] = frozenset()
    stopped: frozenset[int] = frozenset()


def check_workers(workers: set[int], *, deciding: bool = True) -> WorkerCheck:
    """Look for these workers, and note since when one is missed. Call it in a transaction, which it ends soon after.

    One without a row never was, or was removed, and is gone. With `deciding` false nothing is noted and nobody is gone.
    A process that takes its lock again clears its note afterwards, for which it waits while its row is locked here.
    """
    if deciding:
        list(Worker.objects.select_for_update().filter(id__in=workers).order_by("id").values_list("id"))
    living = frozenset(live_workers())
    if not deciding:
        return WorkerCheck(living)
    missed = Worker.objects.filter(id__in=workers - living)
    missed.filter(missing_since=None).update(missing_since=Now())
    may_return = missed.filter(missing_since__gt=Now() - CERTAIN_AFTER).values_list("id", flat=True)
    stopped = frozenset(missed.filter(stopped_at__isnull=False).values_list("id", flat=True))
    return WorkerCheck(living, frozenset(workers - living - stopped - set(may_return)), stopped)
