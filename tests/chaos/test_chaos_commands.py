"""Commands and restarts in mid batch."""

import time
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Sum

from batches.engine.cancel import cancel_batch
from batches.engine.pause import pause_batch, resume_batch
from batches.models import UploadBatch, Worker
from batches.models.states import BatchStatus, ItemStatus
from tests.chaos import finish_audit
from tests.chaos.chaos_batches import assert_sound, completed, crash_count, is_over, start_batch
from tests.chaos.conftest import StartCrew
from tests.chaos.respawning_workers import RespawningWorkers

pytestmark = pytest.mark.django_db(transaction=True)
PROCESSES, THREADS = 2, 2
A_SECOND = timedelta(seconds=1)
PAUSED = 2.0


def database_clock() -> datetime:
    """Now, by the clock that writes `started_at`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


def repeated(batch: UploadBatch) -> int:
    """How often a file of the batch was begun once more."""
    return int(batch.items.aggregate(all=Sum("attempts"))["all"]) - batch.total


def replace(old: RespawningWorkers, new: RespawningWorkers) -> RespawningWorkers:
    """Stop the old workers in order as soon as the new ones are at work; returns the new."""
    youngest_old = max(Worker.objects.filter(pid__in=old.workers.pids()).values_list("id", flat=True))
    new.wait_until(lambda: finish_audit.finished_after(youngest_old))
    old.workers.stop()
    return new


def test_cancel_begins_no_file_after_it_and_counts_all(owner: User, start_crew: StartCrew) -> None:
    batch = start_batch(owner, 500)
    crew = start_crew(processes=PROCESSES, threads=THREADS)
    crew.wait_until(lambda: finish_audit.count() >= 50)

    called = database_clock()
    assert cancel_batch(batch.id)

    crew.workers.stop()
    assert_sound(batch)
    assert batch.status == BatchStatus.CANCELLED
    assert not batch.items.filter(started_at__gt=called + A_SECOND).exists()
    assert batch.cancelled > 0
    assert batch.successful + batch.cancelled == 500
    assert crash_count(batch) == 0


def test_pause_begins_no_file_until_it_is_over_and_loses_none(owner: User, start_crew: StartCrew) -> None:
    batch = start_batch(owner, 400)
    crew = start_crew(processes=PROCESSES, threads=THREADS)
    crew.wait_until(lambda: finish_audit.count() >= 50)

    called = database_clock()
    assert pause_batch(batch.id)
    crew.wait_until(lambda: not batch.items.filter(status=ItemStatus.PROCESSING).exists())
    over = time.monotonic() + PAUSED
    crew.wait_until(lambda: time.monotonic() >= over)
    begun_in_the_pause = batch.items.filter(started_at__gt=called + A_SECOND).count()
    done_in_the_pause = completed(batch)
    assert resume_batch(batch.id)

    crew.wait_until(lambda: is_over(batch))
    assert_sound(batch)
    assert begun_in_the_pause == 0
    assert 50 <= done_in_the_pause < 400
    assert (batch.status, batch.successful, crash_count(batch)) == (BatchStatus.COMPLETED, 400, 0)
    assert repeated(batch) <= PROCESSES * THREADS


def test_rolling_restart_repeats_at_most_what_was_in_hand(owner: User, start_crew: StartCrew) -> None:
    batch = start_batch(owner, 800)
    crew = start_crew("patient", processes=PROCESSES, threads=THREADS)
    crew.wait_until(lambda: finish_audit.count() >= 20)

    for _ in range(2):
        crew = replace(crew, start_crew("patient", processes=PROCESSES, threads=THREADS))
    assert not is_over(batch), "the batch was too small to be restarted in"

    crew.wait_until(lambda: is_over(batch), 60)
    assert_sound(batch)
    assert (batch.successful, crash_count(batch)) == (800, 0)
    assert repeated(batch) <= 2 * PROCESSES * THREADS
