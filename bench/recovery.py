"""Measure how soon work resumes after a worker process is killed, for bench.engine. Needs a running bench.stack."""

import os
import signal
import time
from collections.abc import Callable

from batches.engine.liveness import live_workers
from batches.models import BatchItem, Worker
from batches.models.states import ItemStatus
from bench import rows
from bench.stack import wait_for, workers

FILES = 60_000
FILES_BETWEEN = 50


def recoveries(kills: int) -> list[float]:
    """Kill a worker process `kills` times, restarting the workers each time; return each recovery time in seconds.

    A recovery time starts with the kill. It ends when the new processes have completed a file and no dead worker has
    any claimed items left.
    """
    batch_id = rows.fill(FILES, "recovery")
    rows.start([batch_id])
    seconds: list[float] = []
    killed, before = 0.0, 0
    for attempt in range(kills + 1):
        with workers(BENCH_PROCESSOR="bench.noop.wait", VUEMANTICS_GRACE_SECONDS="0") as pid:
            if attempt:
                wait_for(_recovered(batch_id, before), 60)
                seconds.append(time.perf_counter() - killed)
            wait_for(_completed(batch_id, rows.count_completed(batch_id) + FILES_BETWEEN), 60)
            killed = time.perf_counter()
            os.kill(Worker.objects.filter(id__in=live_workers()).latest("id").pid, signal.SIGKILL)
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # rundramatiq exits when one of its processes dies
        before = rows.count_completed(batch_id)
    rows.pause([batch_id])
    return seconds


def _completed(batch_id: int, files: int) -> Callable[[], bool]:
    return lambda: rows.count_completed(batch_id) >= files


def _recovered(batch_id: int, before: int) -> Callable[[], bool]:
    def recovered() -> bool:
        orphans = BatchItem.objects.filter(status=ItemStatus.PROCESSING).exclude(worker__in=live_workers())
        return rows.count_completed(batch_id) > before and not orphans.exists()

    return recovered
