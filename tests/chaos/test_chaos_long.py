"""The long test of `make chaos`: kill workers many times at random moments and measure when work resumes."""

import os
import random
import time
from statistics import median

import pytest
from django.contrib.auth.models import User

from batches.models import BatchItem, UploadBatch
from batches.models.states import FINISHED_ITEMS, ItemStatus
from tests.chaos import finish_audit
from tests.chaos.chaos_batches import assert_consistent, crash_count, is_finished, start_batch
from tests.chaos.conftest import StartWorkers
from tests.chaos.respawning_workers import RespawningWorkers

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.chaos_long, pytest.mark.timeout(3600)]
KILLS = int(os.environ.get("CHAOS_KILLS", "50"))
# Limits for the median and the longest time until work resumes, in seconds. `make chaos` sets both.
MAX_MEDIAN = float(os.environ.get("CHAOS_MEDIAN", "inf"))
MAX_SECONDS = float(os.environ.get("CHAOS_MAX", "inf"))
PROCESSES, THREADS = 2, 2
FILES = 2000
# With fewer pending items, another batch is started. Workers finish far fewer than this between two kills.
MIN_PENDING = 1700
MAX_BETWEEN = 100
GROUP_SHARE = 0.25


def kill_once(workers: RespawningWorkers, chance: random.Random) -> float:
    """Kill one or all workers at a random moment. Return the seconds until a newly started worker finishes an item."""
    target = finish_audit.count() + chance.randint(1, MAX_BETWEEN)
    workers.wait_until(lambda: finish_audit.count() >= target)
    youngest = finish_audit.newest_worker()
    killed = time.monotonic()
    if chance.random() < GROUP_SHARE:
        workers.kill_group()
    else:
        workers.kill_child(chance)
    workers.wait_until(lambda: finish_audit.finished_after(youngest))
    return time.monotonic() - killed


def kill_repeatedly(workers: RespawningWorkers, owner: User) -> tuple[list[float], list[UploadBatch]]:
    """Kill workers KILLS times, keeping enough items pending. Return each recovery time in seconds, and the batches."""
    chance = random.Random(20_260)
    batches, seconds = [start_batch(owner, FILES)], []
    workers.wait_until(lambda: finish_audit.count() > 0)
    for _ in range(KILLS):
        if BatchItem.objects.filter(status=ItemStatus.PENDING).count() < MIN_PENDING:
            batches.append(start_batch(owner, FILES))
        seconds.append(kill_once(workers, chance))
    return seconds, batches


def wrong_counters(batch: UploadBatch) -> int:
    """Return how many of these four counters of the batch do not match its rows."""
    batch.refresh_from_db()
    rows = BatchItem.objects.filter(batch=batch)
    wrong = [
        batch.total != rows.count(),
        batch.successful != rows.filter(status=ItemStatus.COMPLETED).count(),
        batch.failed != rows.filter(status=ItemStatus.FAILED).count(),
        batch.cancelled != rows.filter(status=ItemStatus.CANCELLED).count(),
    ]
    return sum(wrong)


def test_long_chaos_loses_nothing(owner: User, start_workers: StartWorkers, capsys: pytest.CaptureFixture[str]) -> None:
    workers = start_workers(processes=PROCESSES, threads=THREADS, RECONCILE_SECONDS="2")

    seconds, batches = kill_repeatedly(workers, owner)

    workers.wait_until(lambda: all(is_finished(batch) for batch in batches), 120)
    lost = sum(len(finish_audit.lost(batch.id)) for batch in batches)
    lost += BatchItem.objects.exclude(status__in=FINISHED_ITEMS).count()
    charged, failed = sum(map(crash_count, batches)), BatchItem.objects.filter(status=ItemStatus.FAILED).count()
    with capsys.disabled():
        print(  # noqa: T201 (the report of `make chaos`)
            f"\n{KILLS} kills, {BatchItem.objects.count()} files, {charged} crashes charged, {failed} files failed\n"
            f"work resumed after {median(seconds):.1f} s (median), {max(seconds):.1f} s (max)\n"
            f"{sum(map(wrong_counters, batches))} wrong counters, {lost} lost,"
            f" {len(finish_audit.twice())} finished twice"
        )
    for batch in batches:
        assert_consistent(batch)
    assert charged <= KILLS * PROCESSES * THREADS
    assert (median(seconds) <= MAX_MEDIAN, max(seconds) <= MAX_SECONDS) == (True, True)
