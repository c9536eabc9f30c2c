"""Receive the live events of one channel-layer group."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import redis
from channels.layers import get_channel_layer

from batches.live import socket_sessions
from batches.messaging.live_events import LOGIN_CHANGED

RECONNECT_SECONDS = 2.0
PROBE_CHANNEL = "probe"
"""Nothing reads this channel. Sending to it only checks that Redis responds."""

_leaving: set[asyncio.Task[None]] = set()
"""The tasks of stopped listeners that are still leaving their groups.

They are kept here because the event loop holds only weak references to tasks.
"""


class EventListener:
    """Calls `on_change` for each event of a group until it is stopped.

    A `login.changed` event starts a check of the socket sessions instead. While Redis is down, no events arrive.
    """

    def __init__(self, group: str, on_change: Callable[[], None]) -> None:
        self._group = group
        self._on_change = on_change
        self._channel = ""
        self._task = asyncio.create_task(self._run())

    def stop(self) -> None:
        """Leave the group in the background, because leaving takes a long time while Redis is down."""
        self._task.cancel()
        _leaving.add(self._task)
        self._task.add_done_callback(_leaving.discard)

    async def _run(self) -> None:
        layer = get_channel_layer()
        while True:
            with contextlib.suppress(OSError, redis.RedisError):
                # A failed `new_channel` would leave a queue in the layer, so check first that Redis responds.
                await layer.send(PROBE_CHANNEL, {"type": "probe"})
                await self._receive(layer)
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _receive(self, layer: Any) -> None:
        self._channel = self._channel or await layer.new_channel()
        try:
            await layer.group_add(self._group, self._channel)
            while True:
                event = await layer.receive(self._channel)
                if event["type"] == LOGIN_CHANGED:
                    socket_sessions.check_now()
                else:
                    self._on_change()
        finally:
            # An error raised here would replace the CancelledError, so the task would keep running.
            with contextlib.suppress(OSError, redis.RedisError):
                await layer.group_discard(self._group, self._channel)
