"""One renderer per process and topic: it reads the rows and renders once for all viewers.

It keeps only the newest fragments; each viewer takes what it has not seen yet, at its own speed.
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
"""Interval between reads of an active topic without an event, since events can be lost."""
IDLE_POLL_SECONDS = 10.0
"""Interval between reads of an inactive topic, which a retry or a new batch can change."""


class Topic(Protocol):
    """A set of fragments to which viewers can subscribe.

    `key` identifies it among all topics; its live events arrive in the channel-layer group `group`. `low_priority`:
    its viewers need not see changes at once. `active`: changes are expected; updated by `read`.
    """

    key: str
    group: str
    low_priority: bool
    active: bool

    def read(self) -> Fragments | None:
        """Read the rows and return the fragments by name; None if the topic no longer exists for its viewers."""


class Renderer:
    """Reads one topic while it has viewers."""

    def __init__(self, topic: Topic) -> None:
        self.topic = topic
        self.viewers: set[Viewer] = set()
        self._changed = asyncio.Event()
        self._fragments: Fragments | None = {}
        self._read: asyncio.Future[Fragments | None] | None = None
        self._outage = OutageLog(
            logger,
            f"The live {topic.key} is not updated, the database does not answer: %s",
            f"The live {topic.key} is updated again.",
        )
        self._listener = EventListener(topic.group, self._changed.set)
        self._task = asyncio.create_task(self._run())

    def add(self, viewer: Viewer) -> None:
        """Give a new viewer the current fragments and read the topic again."""
        self.viewers.add(viewer)
        if self._fragments:
            viewer.offer(self.topic.key, self._fragments, low_priority=self.topic.low_priority)
        self._changed.set()

    async def stop(self) -> None:
        """Stop after the last viewer left. Waits for a read in progress, because its thread cannot be cancelled."""
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
            # Not wait_for: before Python 3.12 it can lose a cancellation that coincides with the event.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._changed.wait()

    async def _update(self) -> float:
        """Read the topic, offer the fragments to all viewers, and return the seconds until the next read.

        After a change this is 0, so that the next read follows after FRAME_SECONDS. Live events are rate-limited too;
        waiting for the next one would add its interval to ours.
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
    """Let a viewer watch a topic inside the block; the first viewer starts the renderer, the last one stops it."""
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
