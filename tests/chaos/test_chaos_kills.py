"""Worker processes that a file kills, that are stopped, and that hang."""

import os
import signal

import pytest
import redis
from django.contrib.auth.models import User

from batches.engine.claim import claim_item
from batches.models.states import ItemStatus
from tests.chaos import finish_audit
from tests.chaos.chaos_batches import assert_sound, completed, crash_count, is_over, start_batch
from tests.chaos.conftest import StartCrew
from tests.chaos.processors import POISON
from tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
NOBODY = 4711


def test_poison_fails_alone(owner: User, start_crew: StartCrew) -> None:
    batch = start_batch(owner, 50)
    crew = start_crew("poisoned", processes=1, threads=2)

    crew.wait_until(lambda: is_over(batch), 60)

    assert_sound(batch)
    assert (batch.successful, batch.failed) == (49, 1)
    failed = batch.items.get(status=ItemStatus.FAILED)
    assert (failed.filename, failed.error_code, failed.crash_count) == (POISON, "item.poison", 3)
    assert set(batch.items.exclude(id=failed.id).values_list("crash_count", flat=True)) <= {0, 1}


def test_stop_in_a_long_call_gives_the_claims_back_and_ends(owner: User, start_crew: StartCrew) -> None:
    batch = start_batch(owner, 20)
    workers = start_crew("long_call", processes=1, threads=2).workers
    wait_until(lambda: batch.items.filter(status=ItemStatus.PROCESSING).count() == 2, 20)

    workers.main.terminate()

    wait_until(lambda: not batch.items.filter(status=ItemStatus.PROCESSING).exists(), 3)
    workers.main.wait(60)
    assert completed(batch) == finish_audit.count() == 0
    assert batch.items.filter(status=ItemStatus.PENDING).count() == 20
    assert crash_count(batch) == 0


def test_hanging_process_loses_its_claims_and_finishes_nothing_late(owner: User, start_crew: StartCrew) -> None:
    batch = start_batch(owner, 120)
    crew = start_crew(processes=2, threads=2, LEASE_SECONDS="4")
    crew.wait_until(lambda: len(crew.pids()) == 2 and finish_audit.count() >= 20)
    hanging = crew.pids()[0]

    os.kill(hanging, signal.SIGSTOP)
    try:
        crew.wait_until(lambda: is_over(batch), 40)
    finally:
        os.kill(hanging, signal.SIGCONT)

    crew.workers.stop()
    assert_sound(batch)
    assert batch.successful == 120
    assert crash_count(batch) == 0


def test_started_worker_takes_back_at_once_what_dead_ones_had(
    owner: User, start_crew: StartCrew, redis_client: "redis.Redis"
) -> None:
    batch = start_batch(owner, 4)
    for _ in range(4):
        assert claim_item(batch.id, NOBODY) is not None
    redis_client.flushall()

    crew = start_crew(processes=1, threads=2, RECONCILE_SECONDS="30")

    crew.wait_until(lambda: is_over(batch), 20)
    assert_sound(batch)
    assert set(batch.items.values_list("crash_count", flat=True)) == {1}
