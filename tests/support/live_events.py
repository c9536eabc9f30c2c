"""Receive the events of a channel-layer group."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from channels.layers import get_channel_layer

Events = asyncio.Queue[dict[str, object]]


@asynccontextmanager
async def events_of(group: str) -> AsyncIterator[Events]:
    """Join a group and queue its events.

    A single task receives continuously, because a cancelled `receive` may lose a message.
    """
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(group, channel)
    events = Events()

    async def receive() -> None:
        while True:
            events.put_nowait(await layer.receive(channel))

    receiving = asyncio.create_task(receive())
    try:
        yield events
    finally:
        receiving.cancel()
        with suppress(asyncio.CancelledError):
            await receiving


async def next_event(events: Events, seconds: float = 30.0) -> dict[str, object]:
    """Return the next event; fail if none arrives within `seconds`."""
    return await asyncio.wait_for(events.get(), seconds)


async def until_silent(events: Events, seconds: float) -> list[dict[str, object]]:
    """Collect events until none has arrived for `seconds`, and return them."""
    received = []
    with suppress(TimeoutError):
        while True:
            received.append(await next_event(events, seconds))
    return received
