"""Commands and restarts while a batch is processed."""

import time
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Sum

from batches.engine.cancel import cancel_batch
from batches.engine.pause import pause_batch, resume_batch
from batches.models import BatchItem, UploadBatch, Worker
from batches.models.states import BatchStatus, ItemStatus
from tests.chaos import finish_audit
from tests.chaos.chaos_batches import assert_consistent, completed, crash_count, is_finished, start_batch
from tests.chaos.conftest import StartWorkers
from tests.chaos.respawning_workers import RespawningWorkers

pytestmark = pytest.mark.django_db(transaction=True)
PROCESSES, THREADS = 2, 2
A_SECOND = timedelta(seconds=1)
PAUSED = 2.0


def database_clock() -> datetime:
    """Return the database's current time, because its clock also sets `started_at`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


def repeated(batch: UploadBatch) -> int:
    """Return how many attempts the batch's items took beyond one each."""
    return int(batch.items.aggregate(all=Sum("attempts"))["all"]) - batch.total


def replace(old: RespawningWorkers, new: RespawningWorkers) -> RespawningWorkers:
    """Wait until the new workers have jobs, then stop the old workers; return the new ones."""
    youngest_old = max(Worker.objects.filter(pid__in=old.pids()).values_list("id", flat=True))
    new.wait_until(lambda: BatchItem.objects.filter(status=ItemStatus.PROCESSING, worker__gt=youngest_old).exists())
    old.stop()
    return new


def test_no_item_starts_after_a_cancel(owner: User, start_workers: StartWorkers) -> None:
    batch = start_batch(owner, 500)
    workers = start_workers(processes=PROCESSES, threads=THREADS)
    workers.wait_until(lambda: finish_audit.count() >= 50)

    assert cancel_batch(batch.id)
    called = database_clock()

    workers.stop()
    assert_consistent(batch)
    assert batch.status == BatchStatus.CANCELLED
    assert not batch.items.filter(started_at__gt=called + A_SECOND).exists()
    assert batch.cancelled > 0
    assert batch.successful + batch.cancelled == 500
    assert crash_count(batch) == 0


def test_no_item_starts_during_a_pause(owner: User, start_workers: StartWorkers) -> None:
    batch = start_batch(owner, 400)
    workers = start_workers(processes=PROCESSES, threads=THREADS)
    workers.wait_until(lambda: finish_audit.count() >= 50)

    assert pause_batch(batch.id)
    called = database_clock()
    workers.wait_until(lambda: not batch.items.filter(status=ItemStatus.PROCESSING).exists())
    over = time.monotonic() + PAUSED
    workers.wait_until(lambda: time.monotonic() >= over)
    started_in_pause = batch.items.filter(started_at__gt=called + A_SECOND).count()
    completed_in_pause = completed(batch)
    assert resume_batch(batch.id)

    workers.wait_until(lambda: is_finished(batch))
    assert_consistent(batch)
    assert started_in_pause == 0
    assert 50 <= completed_in_pause < 400
    assert (batch.status, batch.successful, crash_count(batch)) == (BatchStatus.COMPLETED, 400, 0)
    assert repeated(batch) <= PROCESSES * THREADS


def test_rolling_restart_repeats_at_most_the_jobs_in_flight(owner: User, start_workers: StartWorkers) -> None:
    batch = start_batch(owner, 200)
    workers = start_workers("gated", processes=1, threads=THREADS)
    workers.wait_until(lambda: finish_audit.count() >= 20)

    finish_audit.close_gate()
    for _ in range(2):
        workers = replace(workers, start_workers("gated", processes=1, threads=THREADS))
    assert not is_finished(batch), "the batch completed before the restart"
    finish_audit.open_gate()

    workers.wait_until(lambda: is_finished(batch), 60)
    assert_consistent(batch)
    assert (batch.successful, crash_count(batch)) == (200, 0)
    assert repeated(batch) <= 2 * THREADS
