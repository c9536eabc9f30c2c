"""Measure how soon work resumes after worker processes are killed, for bench.engine. Needs a running bench.stack."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from batches.engine.liveness import live_workers
from batches.models import BatchItem, Worker
from batches.models.states import ItemStatus
from bench import rows
from bench.stack import Workers, workers

FILES = 60_000
FILES_BETWEEN = 50
PROCESSES = 2


@dataclass
class Recoveries:
    """Seconds from each kill until the killed workers' files are back in the queue and another file is completed.

    `replaced` has the seconds until all processes were running again.
    """

    resumed: list[float] = field(default_factory=list)
    replaced: list[float] = field(default_factory=list)


def recoveries(kills: int, kill: Callable[[Workers], None]) -> Recoveries:
    """Kill workers `kills` times in the middle of a batch, under the supervision of `manage.py run`."""
    batch_id = rows.fill(FILES, f"recovery {kill.__name__}")
    rows.start([batch_id])
    times = Recoveries()
    with workers(PROCESSES, BENCH_PROCESSOR="bench.noop.wait") as group:
        for _ in range(kills):
            target = rows.count_completed(batch_id) + FILES_BETWEEN
            group.wait_for(lambda target=target: rows.count_completed(batch_id) >= target, 60)  # type: ignore[misc]
            killed = time.perf_counter()
            kill(group)
            group.wait_for(_recovered(batch_id, rows.count_completed(batch_id)), 60)
            times.resumed.append(time.perf_counter() - killed)
            group.wait_for(lambda: len(live_workers()) == PROCESSES, 60)
            times.replaced.append(time.perf_counter() - killed)
    rows.pause([batch_id])
    return times


def kill_one(group: Workers) -> None:
    """kill -9 the worker process that has run for the longest time."""
    os.kill(Worker.objects.filter(id__in=live_workers()).earliest("id").pid, signal.SIGKILL)


def kill_all(group: Workers) -> None:
    """kill -9 all worker processes and their rundramatiq processes."""
    for process in group.processes:
        process.kill()


def _recovered(batch_id: int, before: int) -> Callable[[], bool]:
    def recovered() -> bool:
        orphans = BatchItem.objects.filter(status=ItemStatus.PROCESSING).exclude(worker__in=live_workers())
        return rows.count_completed(batch_id) > before and not orphans.exists()

    return recovered
