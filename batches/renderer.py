"""One renderer per process and batch: it looks at the rows and renders once for all who watch.

A viewer is never told more than the newest state: each takes what it has not seen yet, at its own speed. Looking and
rendering happen on a few threads of their own, so that a slow query delays no other page.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar
from weakref import WeakKeyDictionary

import redis
from channels.layers import get_channel_layer
from django.db import Error as DatabaseError
from django.db import connections

from batches.events import batch_group
from batches.pace import Pace
from batches.parts import render_parts
from batches.pool import renew_pool
from batches.progress import Snapshot, read_snapshot
from batches.states import BatchStatus

logger = logging.getLogger(__name__)

FRAME_SECONDS = 0.25
LOOK_SECONDS = 2.0
"""Between two looks without a hint, while more is to come: hints can be lost."""
REST_SECONDS = 10.0
"""The same for a batch that is finished: a retry can wake it."""

_threads = ThreadPoolExecutor(3, thread_name_prefix="live")
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


async def read(function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
    """Run a function that asks the database on the threads of the live pages; its connection goes back to the pool."""

    def ask() -> Result:
        try:
            return function(*args, **kwargs)
        finally:
            connections.close_all()

    return await asyncio.get_running_loop().run_in_executor(_threads, ask)


class Viewer:
    """One who watches. It holds no queue: whatever it missed is in the newest parts."""

    def __init__(self) -> None:
        self._news = asyncio.Event()
        self._newest: dict[str, str] | None = {}
        self._seen: dict[str, str] = {}

    def offer(self, parts: dict[str, str] | None) -> None:
        """Show the newest parts; None says that the batch is gone."""
        self._newest = parts
        self._news.set()

    async def next_frame(self) -> str | None:
        """Wait for something that this viewer has not seen, and return it; None when the batch is gone."""
        while True:
            await self._news.wait()
            self._news.clear()
            if self._newest is None:
                return None
            frame = "".join(part for name, part in self._newest.items() if self._seen.get(name) != part)
            self._seen = self._newest
            if frame:
                return frame


class Renderer:
    """Looks at one batch while anybody watches it."""

    def __init__(self, batch_id: int) -> None:
        self.batch_id = batch_id
        self.viewers: set[Viewer] = set()
        self._changed = asyncio.Event()
        self._parts: dict[str, str] | None = {}
        self._snapshot: Snapshot | None = None
        self._pace = Pace()
        self._away = False
        self._reading: asyncio.Future[dict[str, str] | None] | None = None
        self._tasks = [asyncio.create_task(self._run()), asyncio.create_task(self._listen())]

    def add(self) -> Viewer:
        """Let one more watch; what is known is shown at once and looked at anew."""
        viewer = Viewer()
        self.viewers.add(viewer)
        if self._parts:
            viewer.offer(self._parts)
        self._changed.set()
        return viewer

    async def stop(self) -> None:
        """End both tasks; nobody watches any more. A thread cannot be cancelled: its look is waited for."""
        for task in self._tasks:
            task.cancel()
        left = [self._reading] if self._reading else []
        await asyncio.gather(*self._tasks, *left, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            self._changed.clear()
            rest = await self._look()
            await asyncio.sleep(FRAME_SECONDS)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), rest)

    async def _look(self) -> float:
        """Look, show what is new to all, and return the seconds until the next look without a hint."""
        try:
            self._reading = asyncio.ensure_future(read(self._render))
            self._parts = await asyncio.shield(self._reading)
        except DatabaseError as error:
            self._report(error)
            return LOOK_SECONDS
        self._report(None)
        for viewer in self.viewers:
            viewer.offer(self._parts)
        return LOOK_SECONDS if self._snapshot and self._snapshot.unfinished else REST_SECONDS

    def _render(self) -> dict[str, str] | None:
        self._snapshot = snapshot = read_snapshot(self.batch_id, self._snapshot)
        if snapshot is None:
            return None
        if snapshot.batch.status == BatchStatus.PROCESSING:
            self._pace.note(time.monotonic(), snapshot.batch.processed)
        else:
            self._pace.forget()
        return render_parts(snapshot, self._pace)

    def _report(self, error: Exception | None) -> None:
        """Log one line when the database goes away and one when it is back."""
        if error is not None and not self._away:
            logger.warning("The page of batch %s stands still, the database does not answer: %s", self.batch_id, error)
        if error is not None:
            renew_pool()
        if error is None and self._away:
            logger.info("The page of batch %s goes on.", self.batch_id)
        self._away = error is not None

    async def _listen(self) -> None:
        """Hear the hints. Without Redis nothing is heard, and the page goes on by looking."""
        while True:
            with contextlib.suppress(OSError, redis.RedisError):
                await self._hear()
            await asyncio.sleep(LOOK_SECONDS)

    async def _hear(self) -> None:
        layer = get_channel_layer()
        channel = await layer.new_channel()
        try:
            await layer.group_add(batch_group(self.batch_id), channel)
            while True:
                await layer.receive(channel)
                self._changed.set()
        finally:
            await layer.group_discard(batch_group(self.batch_id), channel)


_renderers: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[int, Renderer]] = WeakKeyDictionary()


@contextlib.asynccontextmanager
async def watching(batch_id: int) -> AsyncIterator[Viewer]:
    """Watch a batch inside the block; the renderer begins with the first who watches and ends with the last."""
    renderers = _renderers.setdefault(asyncio.get_running_loop(), {})
    renderer = renderers.get(batch_id)
    if renderer is None:
        renderer = renderers[batch_id] = Renderer(batch_id)
    viewer = renderer.add()
    try:
        yield viewer
    finally:
        renderer.viewers.discard(viewer)
        if not renderer.viewers:
            del renderers[batch_id]
            await renderer.stop()
