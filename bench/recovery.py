"""Measure, for bench.engine, how soon work resumes after workers are killed. Needs a running bench.stack."""

import os
import random
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
# The number of completed files between two kills. It is random, so that kills do not coincide with the check for dead
# workers that each worker makes every two seconds.
FILES_BETWEEN = (50, 1000)
PROCESSES = 2


@dataclass
class Recoveries:
    """The durations after each kill, in seconds.

    `resumed`: until the killed workers' files are back in the queue and another file is completed. `replaced`: until
    all processes are running again.
    """

    resumed: list[float] = field(default_factory=list)
    replaced: list[float] = field(default_factory=list)


def recoveries(kills: int, kill: Callable[[Workers], list[int]]) -> Recoveries:
    """Call `kill` in the middle of a batch, `kills` times. Dead workers are restarted as in `manage.py run`."""
    batch_id = rows.fill(FILES, f"recovery {kill.__name__}")
    rows.start([batch_id])
    times, chance = Recoveries(), random.Random(20_260)
    with workers(PROCESSES, BENCH_PROCESSOR="bench.noop.wait") as group:
        for _ in range(kills):
            target = rows.count_completed(batch_id) + chance.randint(*FILES_BETWEEN)
            group.wait_for(lambda target=target: rows.count_completed(batch_id) >= target, 60)  # type: ignore[misc]
            for process in group.processes:
                process.consecutive_exits = 0  # restart without a delay, as if this were the first exit
            killed = time.perf_counter()
            dead = kill(group)
            group.wait_for(_recovered(batch_id, rows.count_completed(batch_id), dead), 60)
            times.resumed.append(time.perf_counter() - killed)
            group.wait_for(lambda dead=dead: len(set(live_workers()) - set(dead)) == PROCESSES, 60)  # type: ignore[misc]
            times.replaced.append(time.perf_counter() - killed)
    rows.pause([batch_id])
    return times


def kill_one(group: Workers) -> list[int]:
    """Kill the longest-running worker process with SIGKILL; return its worker id in a list."""
    worker = Worker.objects.filter(id__in=live_workers()).earliest("id")
    os.kill(worker.pid, signal.SIGKILL)
    return [worker.id]


def kill_all(group: Workers) -> list[int]:
    """Kill all worker processes and their rundramatiq processes with SIGKILL; return the worker ids."""
    workers_killed = live_workers()
    for process in group.processes:
        process.kill()
    return workers_killed


def _recovered(batch_id: int, before: int, dead: list[int]) -> Callable[[], bool]:
    def recovered() -> bool:
        orphans = BatchItem.objects.filter(status=ItemStatus.PROCESSING, worker__in=dead)
        return rows.count_completed(batch_id) > before and not orphans.exists()

    return recovered
