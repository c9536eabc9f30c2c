"""Redis and PostgreSQL that go away in mid batch."""

import time
from typing import cast

import pytest
import redis
from django.contrib.auth.models import User
from django.db import connection
from django.db.backends.postgresql.base import DatabaseWrapper

from tests.chaos import finish_audit
from tests.chaos.chaos_batches import assert_sound, crash_count, is_over, start_batch
from tests.chaos.conftest import StartCrew
from tests.support.servers import Services

pytestmark = pytest.mark.django_db(transaction=True)
REDIS_AWAY = 5.0


def test_lost_redis_stops_nothing_for_good(
    owner: User, start_crew: StartCrew, services: Services, redis_client: "redis.Redis"
) -> None:
    batch = start_batch(owner, 400)
    crew = start_crew(processes=1, threads=4)
    crew.wait_until(lambda: finish_audit.count() >= 20)

    redis_client.flushall()
    target = finish_audit.count() + 100
    crew.wait_until(lambda: finish_audit.count() >= target)
    services.stop_redis()
    late = start_batch(owner, 20)
    back = time.monotonic() + REDIS_AWAY
    crew.wait_until(lambda: time.monotonic() >= back)
    services.start()

    crew.wait_until(lambda: is_over(batch) and is_over(late))
    for one in (batch, late):
        assert_sound(one)
        assert crash_count(one) == 0
    assert (batch.successful, late.successful) == (400, 20)


def test_lost_database_costs_no_file_and_charges_none(owner: User, start_crew: StartCrew, services: Services) -> None:
    batch = start_batch(owner, 300)
    crew = start_crew(processes=2, threads=2, GRACE_SECONDS="3")
    crew.wait_until(lambda: len(crew.pids()) == 2 and finish_audit.count() >= 30)

    services.stop_postgres()
    services.start()
    connection.close()
    cast(DatabaseWrapper, connection).close_pool()  # all of its connections are lost

    crew.wait_until(lambda: is_over(batch))
    assert_sound(batch)
    assert batch.successful == 300
    assert crash_count(batch) == 0
    assert crew.former == []
