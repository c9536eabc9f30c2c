"""One renderer per process and subject: it looks at the rows and renders once for all who watch.

A viewer is never told more than the newest state: each takes what it has not seen yet, at its own speed.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import redis
from channels.layers import get_channel_layer
from django.db import Error as DatabaseError

from batches.live import socket_sessions
from batches.live.viewer import FAILED, FRAME_SECONDS, NOT_FOUND, Fragments, Viewer
from batches.messaging.live_events import LOGIN_CHANGED
from uploads.database import renew_pool
from uploads.db_threads import run_query

logger = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
"""Between two looks without a hint, while more is to come: hints can be lost."""
REST_SECONDS = 10.0
"""The same while nothing goes on: a retry or a new batch can wake it."""
NOBODY = "nobody"


class Topic(Protocol):
    """What is watched. `key` tells subjects apart, `group` is where its hints are heard, `calm`: it is in no hurry."""

    key: str
    group: str
    calm: bool
    active: bool

    def look(self) -> Fragments | None:
        """Read the rows and return the parts by name, and set `active` if more is to come; None when it is gone."""


class Renderer:
    """Looks at one subject while anybody watches it."""

    def __init__(self, subject: Topic) -> None:
        self.subject = subject
        self.viewers: set[Viewer] = set()
        self._changed = asyncio.Event()
        self._parts: Fragments | None = {}
        self._away = False
        self._reading: asyncio.Future[Fragments | None] | None = None
        self._channel = ""
        self._looking = asyncio.create_task(self._run())
        self._hearing = asyncio.create_task(self._listen())

    def add(self, viewer: Viewer) -> None:
        """Let one more watch; what is known is shown at once and looked at anew."""
        self.viewers.add(viewer)
        if self._parts:
            viewer.offer(self.subject.key, self._parts, calm=self.subject.calm)
        self._changed.set()

    async def stop(self) -> None:
        """End both tasks; nobody watches any more.

        A thread cannot be cancelled: its look is waited for. Redis is not: while it is away, a good-bye lasts.
        """
        self._looking.cancel()
        self._hearing.cancel()
        _leaving.add(self._hearing)
        self._hearing.add_done_callback(_leaving.discard)
        left = [self._reading] if self._reading else []
        await asyncio.gather(self._looking, *left, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            began = time.monotonic()
            self._changed.clear()
            rest = await self._look()
            await asyncio.sleep(began + FRAME_SECONDS - time.monotonic())
            # Not wait_for: before Python 3.12 it lets a cancellation pass that comes in the moment of a change.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(rest):
                    await self._changed.wait()

    async def _look(self) -> float:
        """Look, show what is new to all, and return the seconds until the next look without a hint.

        After news it looks again without one: hints come in a beat of their own, and two beats would add up.
        """
        before = self._parts
        try:
            self._reading = asyncio.ensure_future(run_query(self.subject.look))
            self._parts = await asyncio.shield(self._reading)
        except DatabaseError as error:
            self._report(error)
            return LOOK_SECONDS
        except Exception:
            logger.exception("The live %s cannot be shown.", self.subject.key)
            self._end(FAILED)
            return REST_SECONDS
        self._report(None)
        if self._parts is None:
            self._end(NOT_FOUND)
        else:
            for viewer in self.viewers:
                viewer.offer(self.subject.key, self._parts, calm=self.subject.calm)
        if self._parts != before and not self.subject.calm:
            return 0
        return LOOK_SECONDS if self.subject.active else REST_SECONDS

    def _end(self, code: int) -> None:
        for viewer in self.viewers:
            viewer.end(code)

    def _report(self, error: Exception | None) -> None:
        """Log one line when the database goes away and one when it is back."""
        if error is not None and not self._away:
            logger.warning("The live %s stands still, the database does not answer: %s", self.subject.key, error)
        if error is not None:
            renew_pool()
        if error is None and self._away:
            logger.info("The live %s goes on.", self.subject.key)
        self._away = error is not None

    async def _listen(self) -> None:
        """Hear the hints. Without Redis nothing is heard, and the page goes on by looking."""
        layer = get_channel_layer()
        while True:
            with contextlib.suppress(OSError, redis.RedisError):
                # Nobody hears this. It asks whether Redis answers, as a failed new_channel would leave a queue behind.
                await layer.send(NOBODY, {"type": "hello"})
                await self._hear(layer)
            await asyncio.sleep(LOOK_SECONDS)

    async def _hear(self, layer: Any) -> None:
        self._channel = self._channel or await layer.new_channel()
        try:
            await layer.group_add(self.subject.group, self._channel)
            while True:
                message = await layer.receive(self._channel)
                if message["type"] == LOGIN_CHANGED:
                    socket_sessions.check_soon()
                else:
                    self._changed.set()
        finally:
            # An error here would take the place of a cancellation, and the task would go on.
            with contextlib.suppress(OSError, redis.RedisError):
                await layer.group_discard(self.subject.group, self._channel)


_leaving: set[asyncio.Task[None]] = set()
"""Tasks that take their leave of Redis; the event loop itself holds a task only weakly."""
_renderers: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Renderer]] = WeakKeyDictionary()


@contextlib.asynccontextmanager
async def subscribe(subject: Topic, viewer: Viewer) -> AsyncIterator[None]:
    """Let a viewer watch inside the block; the renderer begins with the first who watches and ends with the last."""
    renderers = _renderers.setdefault(asyncio.get_running_loop(), {})
    renderer = renderers.get(subject.key)
    if renderer is None:
        renderer = renderers[subject.key] = Renderer(subject)
    renderer.add(viewer)
    try:
        yield
    finally:
        renderer.viewers.discard(viewer)
        if not renderer.viewers:
            del renderers[subject.key]
            await renderer.stop()
