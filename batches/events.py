"""Hints that something changed: groups, messages and the publisher.

A hint carries no numbers; the database is the truth and whoever hears a hint looks there. Hints may be lost, so every
listener looks by itself as well. Publishing never fails or slows the work: it happens on a thread of its own.
"""

import asyncio
import logging
import os
import threading
import time

import redis.asyncio
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import transaction

logger = logging.getLogger(__name__)

HINT_SECONDS = 0.25


def batch_group(batch_id: int) -> str:
    """Return the channel-layer group that hears `batch.changed` of one batch."""
    return f"batch.{batch_id}"


def batch_changed(batch_id: int, *, final: bool = False) -> None:
    """Tell the batch's listeners, after the commit, that its rows changed.

    At most 4 hints a second and batch are sent; the last change of a burst and a `final` one always are.
    """
    transaction.on_commit(lambda: _publisher.hint(batch_id, final=final), robust=True)


class Publisher:
    """One event loop on one thread per process that sends hints, coalesced by batch.

    A `group_send` through `async_to_sync` would open a Redis connection per call; a loop of its own keeps one.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changed: dict[int, bool] = {}
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._away = False

    def hint(self, batch_id: int, *, final: bool) -> None:
        """Note the change and return at once; any thread may call it."""
        with self._lock:
            news = final or batch_id not in self._changed
            self._changed[batch_id] = final or self._changed.get(batch_id, False)
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_until_complete, args=(self._run(),), daemon=True).start()
        if news:
            self._loop.call_soon_threadsafe(self._wake.set)

    async def _run(self) -> None:
        """Send what is due, for ever; each batch at most once per HINT_SECONDS unless its change is final."""
        client = redis.asyncio.from_url(settings.REDIS_URL)
        sent: dict[int, float] = {}
        while True:
            await self._wake.wait()
            self._wake.clear()
            now = time.monotonic()
            sent = {batch: when for batch, when in sent.items() if now - when < HINT_SECONDS}
            for batch_id, final in self._take_due(sent).items():
                sent[batch_id] = now
                await self._send(client, batch_id, final=final)
            if self._changed:
                asyncio.get_running_loop().call_later(HINT_SECONDS, self._wake.set)

    def _take_due(self, sent: dict[int, float]) -> dict[int, bool]:
        with self._lock:
            due = {batch: final for batch, final in self._changed.items() if final or batch not in sent}
            for batch in due:
                del self._changed[batch]
        return due

    async def _send(self, client: "redis.asyncio.Redis", batch_id: int, *, final: bool) -> None:
        """Send one hint; other processes share the limit through a key that lives HINT_SECONDS."""
        try:
            alone = await client.set(f"hint:{batch_id}", 1, nx=True, px=int(HINT_SECONDS * 1000))
            if alone or final:
                message = {"type": "batch.changed", "batch_id": batch_id}
                await get_channel_layer().group_send(batch_group(batch_id), message)
            else:
                # Another process has just sent one, perhaps before our change: ours is told with the next.
                self._put_back(batch_id)
            self._note(None)
        except (OSError, redis.exceptions.RedisError) as error:
            self._note(error)
        except Exception:
            logger.exception("A hint was not sent; the page looks by itself.")

    def _put_back(self, batch_id: int) -> None:
        with self._lock:
            self._changed.setdefault(batch_id, False)

    def _note(self, error: Exception | None) -> None:
        """Log one line when Redis goes away and one when it is back."""
        if error is not None and not self._away:
            logger.warning("Redis is away (%s): pages look every 2 s instead of being told.", error)
        if error is None and self._away:
            logger.info("Redis is back: pages are told of changes again.")
        self._away = error is not None


def _renew() -> None:
    """A forked process has none of its parent's threads; the parent's loop is kept, as closing it hurts the parent."""
    global _publisher
    _parents.append(_publisher)
    _publisher = Publisher()


_parents: list[Publisher] = []
_publisher = Publisher()
os.register_at_fork(after_in_child=_renew)
