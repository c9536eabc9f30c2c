"""Outages of Redis and PostgreSQL while a batch is processed."""

import time

import pytest
import redis
from django.contrib.auth.models import User

from tests.chaos import finish_audit
from tests.chaos.chaos_batches import assert_consistent, crash_count, is_finished, start_batch
from tests.chaos.conftest import StartWorkers
from tests.support.database import close_broken_connections
from tests.support.servers import Services

pytestmark = pytest.mark.django_db(transaction=True)
REDIS_AWAY = 5.0


def test_work_resumes_after_an_outage_of_redis(
    owner: User, start_workers: StartWorkers, services: Services, redis_client: "redis.Redis"
) -> None:
    batch = start_batch(owner, 400)
    workers = start_workers(processes=1, threads=4)
    workers.wait_until(lambda: finish_audit.count() >= 20)

    redis_client.flushall()
    target = finish_audit.count() + 100
    workers.wait_until(lambda: finish_audit.count() >= target)
    services.stop_redis()
    late = start_batch(owner, 20)
    back = time.monotonic() + REDIS_AWAY
    workers.wait_until(lambda: time.monotonic() >= back)
    services.start()

    workers.wait_until(lambda: is_finished(batch) and is_finished(late))
    for one in (batch, late):
        assert_consistent(one)
        assert crash_count(one) == 0
    assert (batch.successful, late.successful) == (400, 20)


def test_outage_of_the_database_loses_no_file_and_charges_no_crash(
    owner: User, start_workers: StartWorkers, services: Services
) -> None:
    batch = start_batch(owner, 300)
    workers = start_workers(processes=2, threads=2, GRACE_SECONDS="3")
    workers.wait_until(lambda: len(workers.pids()) == 2 and finish_audit.count() >= 30)

    services.stop_postgres()
    services.start()
    close_broken_connections()

    workers.wait_until(lambda: is_finished(batch))
    assert_consistent(batch)
    assert batch.successful == 300
    assert crash_count(batch) == 0
    assert workers.former == []
