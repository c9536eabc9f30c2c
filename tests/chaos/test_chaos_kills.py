"""Worker processes that crash, are stopped, or hang."""

import os
import signal

import pytest
import redis
from django.contrib.auth.models import User

from batches.engine.claim import claim_item
from batches.models.states import ItemStatus
from tests.chaos import finish_audit
from tests.chaos.chaos_batches import assert_consistent, completed, crash_count, is_finished, start_batch
from tests.chaos.conftest import StartWorkers
from tests.chaos.processors import POISON
from tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
LOST_WORKER = 4711


def test_crashing_item_fails_alone(owner: User, start_workers: StartWorkers) -> None:
    batch = start_batch(owner, 50)
    workers = start_workers("crashing", processes=1, threads=2)

    workers.wait_until(lambda: is_finished(batch), 60)

    assert_consistent(batch)
    assert (batch.successful, batch.failed) == (49, 1)
    failed = batch.items.get(status=ItemStatus.FAILED)
    assert (failed.filename, failed.error_code, failed.crash_count) == (POISON, "item.poison", 3)
    assert set(batch.items.exclude(id=failed.id).values_list("crash_count", flat=True)) <= {0, 1}


def test_sigterm_in_a_long_call_releases_the_claims(owner: User, start_workers: StartWorkers) -> None:
    batch = start_batch(owner, 20)
    [worker] = start_workers("long_call", processes=1, threads=2).running
    wait_until(lambda: batch.items.filter(status=ItemStatus.PROCESSING).count() == 2, 20)

    worker.main.terminate()

    wait_until(lambda: not batch.items.filter(status=ItemStatus.PROCESSING).exists())
    assert worker.main.poll() is None, "the claims were not released before the process ended"
    worker.main.wait(60)
    assert completed(batch) == finish_audit.count() == 0
    assert batch.items.filter(status=ItemStatus.PENDING).count() == 20
    assert crash_count(batch) == 0


def test_stopped_process_loses_its_claims_and_finishes_nothing_late(owner: User, start_workers: StartWorkers) -> None:
    batch = start_batch(owner, 120)
    workers = start_workers(processes=2, threads=2, LEASE_SECONDS="4")
    workers.wait_until(lambda: len(workers.pids()) == 2 and finish_audit.count() >= 20)
    hanging = workers.pids()[0]

    os.kill(hanging, signal.SIGSTOP)
    try:
        workers.wait_until(lambda: is_finished(batch), 40)
    finally:
        os.kill(hanging, signal.SIGCONT)

    workers.stop()
    assert_consistent(batch)
    assert batch.successful == 120
    assert crash_count(batch) == 0


def test_new_worker_recovers_the_items_of_dead_ones_at_once(
    owner: User, start_workers: StartWorkers, redis_client: "redis.Redis"
) -> None:
    batch = start_batch(owner, 4)
    for _ in range(4):
        assert claim_item(batch.id, LOST_WORKER) is not None
    redis_client.flushall()

    workers = start_workers(processes=1, threads=2, RECONCILE_SECONDS="30")

    workers.wait_until(lambda: is_finished(batch), 20)
    assert_consistent(batch)
    assert set(batch.items.values_list("crash_count", flat=True)) == {1}
