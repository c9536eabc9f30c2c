"""Hints: few, never in the way of the work, and the last one always arrives."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.db import connections

from batches import events

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
async def give_back_connection(transactional_db: None) -> AsyncIterator[None]:
    """The thread of the changes keeps a connection, and with it the test database, open."""
    yield
    await sync_to_async(connections.close_all)()


async def heard(channel: str, seconds: float) -> list[dict[str, object]]:
    """Everything that arrives on a channel until it is silent for so long."""
    messages = []
    while True:
        try:
            messages.append(await asyncio.wait_for(get_channel_layer().receive(channel), seconds))
        except TimeoutError:
            return messages


async def test_burst_becomes_few_hints_and_the_last_change_is_told() -> None:
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(events.batch_group(7), channel)

    start = time.monotonic()
    for _ in range(200):
        await sync_to_async(events.batch_changed)(7)
    most = (time.monotonic() - start) / events.HINT_SECONDS + 2
    first = await heard(channel, 1)
    await sync_to_async(events.batch_changed)(7)
    second = await heard(channel, 1)

    assert 1 <= len(first) <= most
    assert second == [{"type": "batch.changed", "batch_id": 7}]


async def test_final_change_is_told_at_once_within_a_burst() -> None:
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(events.batch_group(8), channel)

    await sync_to_async(events.batch_changed)(8)
    await asyncio.wait_for(layer.receive(channel), 2)
    await sync_to_async(events.batch_changed)(8, final=True)

    assert await asyncio.wait_for(layer.receive(channel), events.HINT_SECONDS / 2) == {
        "type": "batch.changed",
        "batch_id": 8,
    }
