"""Publish live events: to the page of a batch that changed, and to all pages of its owner."""

import asyncio
import logging
import os
import threading
import time
from collections.abc import Iterable
from typing import NamedTuple

import redis.asyncio
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import transaction

from batches.messaging.redis_outage import redis_outage
from batches.models import UploadBatch

logger = logging.getLogger(__name__)

EVENT_INTERVAL_SECONDS = 0.25
BATCH_CHANGED = "batch.changed"
OWNER_CHANGED = "owner.changed"
LOGIN_CHANGED = "login.changed"


class LiveEvent(NamedTuple):
    """What changed. `id` is a batch's for `batch.changed`, a user's for `owner.changed` and `login.changed`."""

    type: str
    id: int

    @property
    def group(self) -> str:
        """The channel-layer group that receives it."""
        return batch_group(self.id) if self.type == BATCH_CHANGED else owner_group(self.id)

    @property
    def message(self) -> dict[str, str | int]:
        """The message that the group receives."""
        return {"type": self.type, "batch_id" if self.type == BATCH_CHANGED else "owner_id": self.id}


def batch_group(batch_id: int) -> str:
    """Return the channel-layer group for `batch.changed` of one batch."""
    return f"batch.{batch_id}"


def owner_group(owner_id: int) -> str:
    """Return the channel-layer group for `owner.changed` and `login.changed` of one user."""
    return f"owner.{owner_id}"


def notify_batch_changed(batch_id: int, *, final: bool = False) -> None:
    """Publish, after the commit, that a batch or its items changed.

    At most 4 events per second and batch are sent; the last one of a burst and `final` ones are always sent.
    """
    _after_commit(LiveEvent(BATCH_CHANGED, batch_id), final=final)


def notify_owner_changed(owner_id: int) -> None:
    """Notify the owner's pages, after the commit, that the list of batches changed; with the same limit."""
    _after_commit(LiveEvent(OWNER_CHANGED, owner_id), final=False)


def notify_batches_changed(batch_ids: Iterable[int], *, final: bool = False) -> None:
    """Notify batch and owner pages, after the commit, when batches are created, finished or change state.

    Costs one query: use it for rare changes of a batch, not for every item.
    """
    ids = list(batch_ids)
    for batch_id in ids:
        notify_batch_changed(batch_id, final=final)
    for owner_id in set(UploadBatch.all_objects.filter(id__in=ids).values_list("owner_id", flat=True)):
        notify_owner_changed(owner_id)


def notify_login_changed(user_id: int) -> None:
    """Make the user's sockets check at once, after the commit, whether their sessions are still valid."""
    _after_commit(LiveEvent(LOGIN_CHANGED, user_id), final=True)


def _after_commit(event: LiveEvent, *, final: bool) -> None:
    transaction.on_commit(lambda: _publisher.publish(event, final=final), robust=True)


class Publisher:
    """Sends events, merging equal ones, in an event loop on one thread per process.

    `group_send` through `async_to_sync` would open a Redis connection per call; a permanent loop keeps one open.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queued: dict[LiveEvent, bool] = {}
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def publish(self, event: LiveEvent, *, final: bool) -> None:
        """Queue the event and return at once. Thread-safe."""
        with self._lock:
            is_new = final or event not in self._queued
            self._queued[event] = final or self._queued.get(event, False)
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_until_complete, args=(self._run(),), daemon=True).start()
        if is_new:
            self._loop.call_soon_threadsafe(self._wake.set)

    async def _run(self) -> None:
        """Send due events forever: each at most once per EVENT_INTERVAL_SECONDS, unless it is final."""
        client = redis.asyncio.from_url(settings.REDIS_URL)
        sent: dict[LiveEvent, float] = {}
        while True:
            await self._wake.wait()
            self._wake.clear()
            now = time.monotonic()
            sent = {event: at for event, at in sent.items() if now - at < EVENT_INTERVAL_SECONDS}
            for event, final in self._take_due(sent).items():
                sent[event] = now
                await self._send(client, event, final=final)
            if self._queued:
                asyncio.get_running_loop().call_later(EVENT_INTERVAL_SECONDS, self._wake.set)

    def _take_due(self, sent: dict[LiveEvent, float]) -> dict[LiveEvent, bool]:
        with self._lock:
            due = {event: final for event, final in self._queued.items() if final or event not in sent}
            for event in due:
                del self._queued[event]
        return due

    async def _send(self, client: "redis.asyncio.Redis", event: LiveEvent, *, final: bool) -> None:
        """Send one event. A Redis key that expires after the interval enforces the limit across processes."""
        key = f"event:{event.type}:{event.id}"
        try:
            allowed = await client.set(key, 1, nx=True, px=int(EVENT_INTERVAL_SECONDS * 1000))
            if allowed or final:
                await get_channel_layer().group_send(event.group, event.message)
            else:
                # Another process has just sent this event, perhaps before our change was committed: send it again
                # later.
                self._requeue(event)
        except (OSError, redis.exceptions.RedisError) as error:
            redis_outage.begin(error)
        except Exception:
            logger.exception("A live event was not sent; pages refresh by polling.")

    def _requeue(self, event: LiveEvent) -> None:
        with self._lock:
            self._queued.setdefault(event, False)


def _replace_publisher() -> None:
    """Give a forked process, which lacks its parent's threads, a new publisher.

    The parent's publisher stays referenced, because closing its loop would break the parent.
    """
    global _publisher
    _parents.append(_publisher)
    _publisher = Publisher()


_parents: list[Publisher] = []
_publisher = Publisher()
os.register_at_fork(after_in_child=_replace_publisher)
