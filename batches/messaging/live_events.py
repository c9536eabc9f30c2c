"""Publish live events to the pages that show a changed batch and to its owner's other pages."""

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
    """A change to publish. `id` is a batch id for `batch.changed` and a user id for the other two types."""

    type: str
    id: int

    @property
    def group(self) -> str:
        return batch_group(self.id) if self.type == BATCH_CHANGED else owner_group(self.id)

    @property
    def message(self) -> dict[str, str | int]:
        return {"type": self.type, "batch_id" if self.type == BATCH_CHANGED else "owner_id": self.id}


def batch_group(batch_id: int) -> str:
    """Return the name of the channel-layer group that receives a batch's `batch.changed` events."""
    return f"batch.{batch_id}"


def owner_group(owner_id: int) -> str:
    """Return the name of the channel-layer group that receives a user's `owner.changed` and `login.changed` events."""
    return f"owner.{owner_id}"


def notify_batch_changed(batch_id: int, *, final: bool = False) -> None:
    """After the commit, notify the batch's pages that the batch or its items changed.

    At most four events per second are sent for each batch. The last event of a burst is always sent, and `final` events
    are exempt from the limit.
    """
    _after_commit(LiveEvent(BATCH_CHANGED, batch_id), final=final)


def notify_owner_changed(owner_id: int) -> None:
    """After the commit, notify the owner's pages that the list of batches changed.

    At most four events per second are sent for each owner. The last event of a burst is always sent.
    """
    _after_commit(LiveEvent(OWNER_CHANGED, owner_id), final=False)


def notify_batches_changed(batch_ids: Iterable[int], *, final: bool = False) -> None:
    """After the commit, notify batch pages and owner pages that the batches `batch_ids` were created or changed state.

    This runs a database query, so use it for rare changes to a batch, not for every item.
    """
    ids = list(batch_ids)
    for batch_id in ids:
        notify_batch_changed(batch_id, final=final)
    for owner_id in set(UploadBatch.all_objects.filter(id__in=ids).values_list("owner_id", flat=True)):
        notify_owner_changed(owner_id)


def notify_login_changed(user_id: int) -> None:
    """After the commit, trigger an immediate check that the sessions of the user's pages are still valid."""
    _after_commit(LiveEvent(LOGIN_CHANGED, user_id), final=True)


def _after_commit(event: LiveEvent, *, final: bool) -> None:
    transaction.on_commit(lambda: _publisher.publish(event, final=final), robust=True)


class Publisher:
    """Sends events from an asyncio event loop in one thread per process. Equal queued events are merged.

    The event loop runs permanently, so its Redis connection stays open. Calling `group_send` through `async_to_sync`
    would open a new connection for each call.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queued: dict[LiveEvent, bool] = {}
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def publish(self, event: LiveEvent, *, final: bool) -> None:
        """Queue the event and return immediately. Thread-safe."""
        with self._lock:
            is_new = final or event not in self._queued
            self._queued[event] = final or self._queued.get(event, False)
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_until_complete, args=(self._run(),), daemon=True).start()
        if is_new:
            self._loop.call_soon_threadsafe(self._wake.set)

    async def _run(self) -> None:
        """Send queued events in an endless loop.

        Equal events are sent at most once every EVENT_INTERVAL_SECONDS, but final events are sent immediately.
        """
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
        """Send one event, or requeue it if it is not final and an equal one was sent within EVENT_INTERVAL_SECONDS.

        To enforce this limit across processes, sending sets a Redis key that expires after the interval.
        """
        key = f"event:{event.type}:{event.id}"
        try:
            allowed = await client.set(key, 1, nx=True, px=int(EVENT_INTERVAL_SECONDS * 1000))
            if allowed or final:
                await get_channel_layer().group_send(event.group, event.message)
            else:
                # Another process has just sent an equal event, perhaps before this process committed its change, so
                # send this one later.
                self._requeue(event)
        except (OSError, redis.exceptions.RedisError) as error:
            redis_outage.begin(error)
        except Exception:
            logger.exception("A live event was not sent; pages refresh by polling.")

    def _requeue(self, event: LiveEvent) -> None:
        with self._lock:
            self._queued.setdefault(event, False)


def _replace_publisher() -> None:
    """Create a new publisher in a forked process, because the parent's threads do not exist there.

    Keep a reference to the parent's publisher, because garbage collection would close its event loop, which would break
    the parent.
    """
    global _publisher
    _parents.append(_publisher)
    _publisher = Publisher()


_parents: list[Publisher] = []
_publisher = Publisher()
os.register_at_fork(after_in_child=_replace_publisher)
