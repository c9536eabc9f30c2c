"""The long one, by `make chaos`: a hundred kill -9s at random moments, and how soon the work goes on after each."""

import os
import random
import time
from statistics import median

import pytest
from django.contrib.auth.models import User

from batches.models import BatchItem, UploadBatch
from batches.states import LIVE_ITEMS, ItemStatus
from tests.chaos import finishes
from tests.chaos.conftest import StartCrew
from tests.chaos.crew import Crew
from tests.chaos.rows import assert_sound, deaths, is_over, start_batch

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.chaos_long, pytest.mark.timeout(3600)]
KILLS = int(os.environ.get("CHAOS_KILLS", "100"))
PROCESSES, THREADS = 2, 2
# Enough that none but the last kill meets the end of the batch, where files wait that were in hand at a death.
FILES_PER_KILL = 150
GROUP_SHARE = 0.25


def kill_once(crew: Crew, chance: random.Random) -> float:
    """Kill at a random moment; returns the seconds until a worker that started afterwards has finished a file."""
    target = finishes.count() + chance.randint(1, FILES_PER_KILL - 50)
    crew.wait_until(lambda: finishes.count() >= target)
    youngest = finishes.newest_worker()
    killed = time.monotonic()
    if chance.random() < GROUP_SHARE:
        crew.kill_group()
    else:
        crew.kill_child(chance)
    crew.wait_until(lambda: finishes.finished_after(youngest))
    return time.monotonic() - killed


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
    chance = random.Random(20_260)
    batch = start_batch(owner, KILLS * FILES_PER_KILL + 500)
    crew = start_crew(processes=PROCESSES, threads=THREADS, RECONCILE_SECONDS="2")
    crew.wait_until(lambda: finishes.count() > 0)

    seconds = [kill_once(crew, chance) for _ in range(KILLS)]

    crew.wait_until(lambda: is_over(batch), 600)
    lost = len(finishes.lost(batch.id)) + batch.items.filter(status__in=LIVE_ITEMS).count()
    with capsys.disabled():
        print(  # noqa: T201 (what `make chaos` is for)
            f"\n{KILLS} kills, {batch.total} files, {deaths(batch)} deaths charged, {batch.failed} put aside\n"
            f"back at work after {median(seconds):.1f} s (median), {max(seconds):.1f} s (max)\n"
            f"{wrong_counters(batch)} wrong counters, {lost} lost, {len(finishes.twice())} finished twice"
        )
    assert_sound(batch)
    assert deaths(batch) <= KILLS * PROCESSES * THREADS
