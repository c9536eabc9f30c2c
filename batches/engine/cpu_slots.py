"""Limit how many threads of a process compute at the same time: no more than the process's share of the CPU cores.

Additional computing threads would only compete for the GIL and evict each other's data from the CPU caches. Without
this limit, four threads on one core took 66 ms per photo instead of 58. It is still useful to have more threads than
slots, because threads without a slot can do I/O or wait for the database or a model server.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from batches.engine.in_flight import Job, JobStopped

STOP_CHECK_SECONDS = 0.2
MAX_WAIT_SECONDS = 3.0


def slots_per_process(cores: int, processes: int) -> int:
    """Return each process's share of the CPU cores, rounded up."""
    return max(1, -(-cores // processes))


slots = threading.BoundedSemaphore(slots_per_process(len(os.sched_getaffinity(0)), settings.WORKER_PROCESSES))
_saturated = threading.Event()


def saturated() -> bool:
    """Return whether a job has given up waiting for a slot and no slot has been released since.

    The process should then claim nothing, so that other processes take the items.
    """
    if _saturated.is_set() and slots.acquire(blocking=False):
        # The flag may be stale: a slot may have been released after a job gave up waiting and before it set _saturated.
        _saturated.clear()
        slots.release()
    return _saturated.is_set()


@contextmanager
def cpu_slot(job: Job) -> Iterator[None]:
    """Hold a CPU slot while the block runs.

    Raises JobStopped if a stop is requested while the job waits for a slot. Also raises it after waiting for
    MAX_WAIT_SECONDS, so that the item is released: another process may have a free slot.
    """
    with job.waiting():
        deadline = time.monotonic() + MAX_WAIT_SECONDS
        while not slots.acquire(timeout=STOP_CHECK_SECONDS):
            job.raise_if_stopped()
            if time.monotonic() >= deadline:
                _saturated.set()
                raise JobStopped
    try:
        yield
    finally:
        _saturated.clear()
        slots.release()
