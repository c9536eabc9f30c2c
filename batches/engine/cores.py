"""How many files a process computes on at the same time: no more than its share of the cores.

More threads than cores would only take turns at the interpreter's lock and push one another's data out of the
processor's caches: 66 instead of 58 ms a photo with four threads on a process's one core. The other threads still help:
they read, write, wait for the database or for a model's server meanwhile.
"""

import os
import threading

from django.conf import settings


def share_of_cores(cores: int, processes: int) -> int:
    """Return how many of `cores` are for each of `processes`; at least one."""
    return max(1, -(-cores // processes))


cores = threading.BoundedSemaphore(share_of_cores(len(os.sched_getaffinity(0)), settings.WORKER_PROCESSES))
