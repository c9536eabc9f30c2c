"""Concurrent reconcilers, concurrent cancellations, and surplus or lost wake-ups."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from django.contrib.auth.models import User
from django.db import connection
from pytest_django.fixtures import Settings

from batches.engine import cancel, claim
from batches.messaging.wake_ups import send_wake_ups
from batches.models import UploadBatch
from batches.models.states import BatchStatus, ItemStatus
from batches.worker.reconciler import reconcile
from tests.chaos import finish_audit
from tests.chaos.chaos_batches import assert_consistent, crash_count, is_finished, start_batch
from tests.chaos.conftest import StartWorkers
from tests.support.batches import assert_counters_match

pytestmark = pytest.mark.django_db(transaction=True)
LOST_WORKER = 4711
BATCHES = 25


def reconcile_often(number: int) -> None:
    for _ in range(5):
        reconcile()
    connection.close()


def test_concurrent_reconcilers_charge_a_crash_once(owner: User, settings: Settings) -> None:
    settings.GRACE_SECONDS = 0
    batch = start_batch(owner, 40)
    for _ in range(40):
        assert claim.claim_item(batch.id, LOST_WORKER) is not None

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(reconcile_often, range(4)))

    assert set(batch.items.values_list("status", "crash_count")) == {(ItemStatus.PENDING, 1)}
    assert_counters_match(batch)


def test_surplus_and_lost_wake_ups_change_nothing(
    owner: User, start_workers: StartWorkers, redis_client: "redis.Redis"
) -> None:
    send_wake_ups(100)
    batch = start_batch(owner, 100)
    workers = start_workers(processes=1, threads=4)
    workers.wait_until(lambda: is_finished(batch))

    unannounced = start_batch(owner, 100)
    redis_client.flushall()

    workers.wait_until(lambda: is_finished(unannounced))
    for one in (batch, unannounced):
        assert_consistent(one)
        assert (one.successful, crash_count(one)) == (100, 0)


def cancel_in_thread(batch: UploadBatch) -> bool:
    try:
        return cancel.cancel_batch(batch.id)
    finally:
        connection.close()


def test_cancels_under_load_do_not_deadlock(owner: User, start_workers: StartWorkers) -> None:
    load = [start_batch(owner, 60) for _ in range(BATCHES)]
    workers = start_workers(processes=2, threads=2)
    workers.wait_until(lambda: finish_audit.count() >= 50)
    random.Random(20_260).shuffle(load)

    with ThreadPoolExecutor(5) as pool:
        cancelled = list(pool.map(cancel_in_thread, load))

    assert all(cancelled)
    workers.stop()
    for batch in load:
        assert is_finished(batch)
        assert_consistent(batch)
        assert (batch.status, crash_count(batch)) == (BatchStatus.CANCELLED, 0)
    assert 0 < sum(batch.successful for batch in load) < 60 * BATCHES
    assert "deadlock" not in workers.text()
