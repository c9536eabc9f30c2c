"""An idle worker waits for wake-ups with a blocking Redis command, instead of polling; a busy one sends no commands."""

import importlib
import threading
import time
from collections.abc import Iterator
from typing import Any

import dramatiq
import pytest
import redis
from dramatiq.errors import ConnectionClosed

from batches.messaging import broker
from batches.messaging.wake_ups import QUEUE, queue_key, send_wake_ups
from tests.support.servers import Services
from tests.support.waiting import wait_until

WAIT = 0.1


@pytest.fixture
def consumer(redis_client: "redis.Redis", monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A consumer that prefetches two messages and waits at most `WAIT` seconds. Its first read has found no message."""
    monkeypatch.setattr(broker, "WAIT_SECONDS", WAIT)
    consumer = dramatiq.get_broker().consume(QUEUE, prefetch=2)
    assert next(consumer) is None
    yield consumer
    consumer.close()


def calls(redis_client: "redis.Redis") -> int:
    """Return how many `EVALSHA` and `BLMOVE` commands Redis has run since its statistics were last reset."""
    stats: dict[str, dict[str, int]] = redis_client.info("commandstats")
    return sum(stats[f"cmdstat_{name}"]["calls"] for name in ("evalsha", "blmove") if f"cmdstat_{name}" in stats)


def test_waiting_sends_two_commands_a_round(consumer: Any, redis_client: "redis.Redis") -> None:
    redis_client.config_resetstat()
    start = time.monotonic()

    assert [next(consumer) for _ in range(2)] == [None, None]

    assert calls(redis_client) == 4
    assert time.monotonic() - start >= WAIT


def test_message_ends_the_wait_of_every_worker(
    consumer: Any, redis_client: "redis.Redis", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker, "WAIT_SECONDS", 60.0)
    others = [threading.Thread(target=next, args=[dramatiq.get_broker().consume(QUEUE)]) for _ in range(2)]
    for thread in others:
        thread.start()
    wait_until(lambda: redis_client.info("clients")["blocked_clients"] == 2)

    send_wake_ups(1)

    for thread in others:
        thread.join(50)
        assert not thread.is_alive()
    assert redis_client.llen(queue_key()) == 1
    assert next(consumer) is not None


def test_busy_worker_does_not_ask_redis(consumer: Any, redis_client: "redis.Redis") -> None:
    send_wake_ups(3)
    assert None not in [next(consumer), next(consumer)]
    redis_client.config_resetstat()

    assert next(consumer) is None

    assert calls(redis_client) == 0


def test_lost_redis_is_reported_to_dramatiq(consumer: Any, services: Services) -> None:
    services.stop_redis()

    with pytest.raises(ConnectionClosed):
        next(consumer)


def test_no_queue_of_delayed_messages_is_polled() -> None:
    importlib.import_module("batches.worker.tasks")  # declares the queue

    assert dramatiq.get_broker().get_declared_queues() == {QUEUE}
    assert dramatiq.get_broker().get_declared_delay_queues() == set()
