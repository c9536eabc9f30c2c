"""The servers that the tests themselves use."""

import pytest
import redis
from django.db import connection

from tests.support.servers import Services


@pytest.mark.django_db
def test_database_of_the_tests_is_postgresql_with_pgvector() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT starts_with(current_database(), 'test_'), '[1,2]'::vector <-> '[1,3]'::vector")
        assert cursor.fetchone() == (True, 1.0)


def test_stopped_redis_is_started_again_empty(services: Services, redis_client: "redis.Redis") -> None:
    redis_client.set("kept", "no")

    services.stop_redis()
    services.start()

    assert redis_client.get("kept") is None
