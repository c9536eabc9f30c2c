"""What the listeners of a channel-layer group hear, for tests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from channels.layers import get_channel_layer

Hints = asyncio.Queue[dict[str, object]]


@asynccontextmanager
async def hints_of(group: str) -> AsyncIterator[Hints]:
    """Join a group. One task receives all the time: a `receive` that is broken off may take a message with it."""
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(group, channel)
    hints = Hints()

    async def receive() -> None:
        while True:
            hints.put_nowait(await layer.receive(channel))

    receiving = asyncio.create_task(receive())
    try:
        yield hints
    finally:
        receiving.cancel()
        with suppress(asyncio.CancelledError):
            await receiving


async def next_hint(hints: Hints, seconds: float = 30.0) -> dict[str, object]:
    """The next hint. Fails after some seconds without one."""
    return await asyncio.wait_for(hints.get(), seconds)


async def until_silent(hints: Hints, seconds: float) -> list[dict[str, object]]:
    """Everything that arrives until nothing does for so long."""
    heard = []
    with suppress(TimeoutError):
        while True:
            heard.append(await next_hint(hints, seconds))
    return heard
