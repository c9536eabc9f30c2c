"""The long one, by `make chaos`: a hundred kill -9s at random moments, and how soon the work goes on after each."""

import os
import random
import time
from statistics import median

import pytest
from django.contrib.auth.models import User

from batches.models import BatchItem, UploadBatch
from batches.models.states import LIVE_ITEMS, ItemStatus
from tests.chaos import finish_audit
from tests.chaos.chaos_batches import assert_sound, crash_count, is_over, start_batch
from tests.chaos.conftest import StartCrew
from tests.chaos.respawning_workers import RespawningWorkers

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.chaos_long, pytest.mark.timeout(3600)]
KILLS = int(os.environ.get("CHAOS_KILLS", "100"))
# Seconds within which the work must go on; `make chaos` sets them, and whoever has a slower machine sets others.
MOST_MEDIAN = float(os.environ.get("CHAOS_MEDIAN", "inf"))
MOST_EVER = float(os.environ.get("CHAOS_MAX", "inf"))
PROCESSES, THREADS = 2, 2
FILES = 1000
LEAST_WAITING = 700  # or another batch is started: more than is finished from one kill to the next
MOST_BETWEEN = 100
GROUP_SHARE = 0.25


def kill_once(crew: RespawningWorkers, chance: random.Random) -> float:
    """Kill at a random moment; returns the seconds until a worker that started afterwards has finished a file."""
    target = finish_audit.count() + chance.randint(1, MOST_BETWEEN)
    crew.wait_until(lambda: finish_audit.count() >= target)
    youngest = finish_audit.newest_worker()
    killed = time.monotonic()
    if chance.random() < GROUP_SHARE:
        crew.kill_group()
    else:
        crew.kill_child(chance)
    crew.wait_until(lambda: finish_audit.finished_after(youngest))
    return time.monotonic() - killed


def kill_often(crew: RespawningWorkers, owner: User) -> tuple[list[float], list[UploadBatch]]:
    """Kill KILLS times beside enough waiting files; returns the seconds after each kill and the batches."""
    chance = random.Random(20_260)
    batches, seconds = [start_batch(owner, FILES)], []
    crew.wait_until(lambda: finish_audit.count() > 0)
    for _ in range(KILLS):
        if BatchItem.objects.filter(status=ItemStatus.PENDING).count() < LEAST_WAITING:
            batches.append(start_batch(owner, FILES))
        seconds.append(kill_once(crew, chance))
    return seconds, batches


def wrong_counters(batch: UploadBatch) -> int:
    """How many of the batch's counters differ from its rows."""
    batch.refresh_from_db()
    rows = BatchItem.objects.filter(batch=batch)
    wrong = [
        batch.total != rows.count(),
        batch.successful != rows.filter(status=ItemStatus.COMPLETED).count(),
        batch.failed != rows.filter(status=ItemStatus.FAILED).count(),
        batch.cancelled != rows.filter(status=ItemStatus.CANCELLED).count(),
    ]
    return sum(wrong)


def test_long_chaos_loses_nothing(owner: User, start_crew: StartCrew, capsys: pytest.CaptureFixture[str]) -> None:
    crew = start_crew(processes=PROCESSES, threads=THREADS, RECONCILE_SECONDS="2")

    seconds, batches = kill_often(crew, owner)

    crew.wait_until(lambda: all(is_over(batch) for batch in batches), 120)
    lost = sum(len(finish_audit.lost(batch.id)) for batch in batches)
    lost += BatchItem.objects.filter(status__in=LIVE_ITEMS).count()
    charged, put_aside = sum(map(crash_count, batches)), BatchItem.objects.filter(status=ItemStatus.FAILED).count()
    with capsys.disabled():
        print(  # noqa: T201 (what `make chaos` is for)
            f"\n{KILLS} kills, {BatchItem.objects.count()} files, {charged} crash_count charged, {put_aside} put aside\n"
            f"back at work after {median(seconds):.1f} s (median), {max(seconds):.1f} s (max)\n"
            f"{sum(map(wrong_counters, batches))} wrong counters, {lost} lost, {len(finish_audit.twice())} finished twice"
        )
    for batch in batches:
        assert_sound(batch)
    assert charged <= KILLS * PROCESSES * THREADS
    assert (median(seconds) <= MOST_MEDIAN, max(seconds) <= MOST_EVER) == (True, True)
