"""Read each topic once per process for all its viewers, and render its `fragments`.

A renderer keeps only the newest fragments. Each viewer fetches the ones it has not sent yet, at its own pace.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from typing import Protocol
from weakref import WeakKeyDictionary

from django.db import Error as DatabaseError

from batches.live.event_listener import EventListener
from batches.live.viewer import FAILED, FRAME_SECONDS, NOT_FOUND, Fragments, Viewer
from uploads.database import renew_pool
from uploads.db_threads import run_query
from uploads.outage_log import OutageLog

logger = logging.getLogger(__name__)

POLL_SECONDS = 2.0
"""Seconds between reads of an active topic if no events arrive. It is read even then, because events can be lost."""
IDLE_POLL_SECONDS = 10.0
"""Seconds between reads of an inactive topic. A retry or a new batch can make it active again."""


class Topic(Protocol):
    """Something that viewers can subscribe to, such as a batch; `read` returns its current state as fragments.

    `key` identifies the topic; `group` is the channel-layer group that receives its live events. `low_priority` means
    that viewers need not see changes immediately. `active` means that changes are expected; `read` updates it.
    """

    key: str
    group: str
    low_priority: bool
    active: bool

    def read(self) -> Fragments | None:
        """Return the current fragments by name, or None if the topic does not exist or its viewers may not see it."""


class Renderer:
    """Reads and renders one topic for as long as it has viewers."""

    def __init__(self, topic: Topic) -> None:
        self.topic = topic
        self.viewers: set[Viewer] = set()
        self._changed = asyncio.Event()
        self._fragments: Fragments | None = {}
        self._read: asyncio.Future[Fragments | None] | None = None
        self._outage = OutageLog(
            logger,
            f"The live {topic.key} is not updated, because the database is not responding: %s",
            f"The live {topic.key} is updated again.",
        )
        self._listener = EventListener(topic.group, self._changed.set)
        self._task = asyncio.create_task(self._run())

    def add(self, viewer: Viewer) -> None:
        """Offer the current fragments to a new viewer, and trigger another read of the topic."""
        self.viewers.add(viewer)
        if self._fragments:
            viewer.offer(self.topic.key, self._fragments, low_priority=self.topic.low_priority)
        self._changed.set()

    async def stop(self) -> None:
        """Stop reading the topic. Waits for a read in progress to end, because its thread cannot be cancelled."""
        self._task.cancel()
        self._listener.stop()
        pending = [self._read] if self._read else []
        await asyncio.gather(self._task, *pending, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            started = time.monotonic()
            self._changed.clear()
            pause = await self._update()
            await asyncio.sleep(started + FRAME_SECONDS - time.monotonic())
            # Do not use wait_for: before Python 3.12, it can lose a cancellation that coincides with the event.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._changed.wait()

    async def _update(self) -> float:
        """Read the topic, offer the fragments to all viewers, and return the seconds until the next read.

        If the fragments have changed, return 0 unless the topic has low priority: the next read then starts after
        FRAME_SECONDS without waiting for an event. Live events are rate-limited too, and waiting for the next one would
        add their interval to FRAME_SECONDS.
        """
        previous = self._fragments
        try:
            self._read = asyncio.ensure_future(run_query(self.topic.read))
            self._fragments = await asyncio.shield(self._read)
        except DatabaseError as error:
            self._outage.report(error)
            renew_pool()
            return POLL_SECONDS
        except Exception:
            logger.exception("The live %s cannot be rendered.", self.topic.key)
            self._close_viewers(FAILED)
            return IDLE_POLL_SECONDS
        self._outage.report(None)
        if self._fragments is None:
            self._close_viewers(NOT_FOUND)
        else:
            for viewer in self.viewers:
                viewer.offer(self.topic.key, self._fragments, low_priority=self.topic.low_priority)
        if self._fragments != previous and not self.topic.low_priority:
            return 0
        return POLL_SECONDS if self.topic.active else IDLE_POLL_SECONDS

    def _close_viewers(self, code: int) -> None:
        for viewer in self.viewers:
            viewer.close(code)


_renderers: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Renderer]] = WeakKeyDictionary()


@contextlib.asynccontextmanager
async def subscribe(topic: Topic, viewer: Viewer) -> AsyncIterator[None]:
    """Subscribe a viewer to a topic for the duration of the block.

    The first viewer starts the topic's renderer, and the last one to leave stops it.
    """
    renderers = _renderers.setdefault(asyncio.get_running_loop(), {})
    renderer = renderers.get(topic.key)
    if renderer is None:
        renderer = renderers[topic.key] = Renderer(topic)
    renderer.add(viewer)
    try:
        yield
    finally:
        renderer.viewers.discard(viewer)
        if not renderer.viewers:
            del renderers[topic.key]
            await renderer.stop()
