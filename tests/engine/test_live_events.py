"""Live events are throttled, but the last one is always sent."""

import time

import pytest
import redis
from asgiref.sync import sync_to_async

from batches.messaging import live_events
from tests.support.live_events import events_of, next_event, until_silent

pytestmark = pytest.mark.django_db(transaction=True)


async def test_burst_is_throttled_and_its_last_change_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_events, "EVENT_INTERVAL_SECONDS", 0.05)
    async with events_of(live_events.batch_group(7)) as events:
        start = time.monotonic()
        for _ in range(200):
            await sync_to_async(live_events.notify_batch_changed)(7)
        most = (time.monotonic() - start) / live_events.EVENT_INTERVAL_SECONDS + 2
        burst = [await next_event(events), *await until_silent(events, 0.2)]
        await sync_to_async(live_events.notify_batch_changed)(7)

        assert len(burst) <= most
        assert await next_event(events) == {"type": "batch.changed", "batch_id": 7}


async def test_final_change_is_sent_at_once_within_a_burst(redis_client: redis.Redis) -> None:
    async with events_of(live_events.batch_group(8)) as events:
        redis_client.set("event:batch.changed:8", 1, px=60_000)  # as if another process had just sent an event

        await sync_to_async(live_events.notify_batch_changed)(8, final=True)

        assert await next_event(events) == {"type": "batch.changed", "batch_id": 8}
