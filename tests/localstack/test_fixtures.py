"""The servers that the tests themselves stand on."""

import pytest
import redis
from django.db import connection

from tests.support.servers import Services


@pytest.mark.django_db(transaction=True)
def test_services_database_is_a_real_postgresql_with_pgvector() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT starts_with(current_database(), 'test_'), '[1,2]'::vector <-> '[1,3]'::vector")
        assert cursor.fetchone() == (True, 1.0)


def test_services_come_back_after_redis_is_killed(services: Services, redis_client: "redis.Redis") -> None:
    redis_client.set("kept", "no")

    services.stop_redis()
    services.start()

    assert redis_client.get("kept") is None
