"""Telling the pages that batches stand otherwise: each batch's own page, and every page of its owner."""

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


class LiveEvent(NamedTuple):
    """What changed: `batch.changed` of a batch's id, `owner.changed` and `login.changed` of a person's."""

    type: str
    id: int

    @property
    def group(self) -> str:
        """The channel-layer group that hears it."""
        return batch_group(self.id) if self.type == BATCH_CHANGED else owner_group(self.id)

    @property
    def message(self) -> dict[str, str | int]:
        """What the group hears."""
        return {"type": self.type, "batch_id" if self.type == BATCH_CHANGED else "owner_id": self.id}


BATCH_CHANGED = "batch.changed"
OWNER_CHANGED = "owner.changed"
LOGIN_CHANGED = "login.changed"


def batch_group(batch_id: int) -> str:
    """Return the channel-layer group that hears `batch.changed` of one batch."""
    return f"batch.{batch_id}"


def owner_group(owner_id: int) -> str:
    """Return the group that hears of one person's list of batches (`owner.changed`) and logins (`login.changed`)."""
    return f"owner.{owner_id}"


def notify_batch_changed(batch_id: int, *, final: bool = False) -> None:
    """Tell the batch's listeners, after the commit, that its rows changed.

    At most 4 hints a second and batch are sent; the last change of a burst and a `final` one always are.
    """
    _after_commit(LiveEvent(BATCH_CHANGED, batch_id), final=final)


def notify_owner_changed(owner_id: int) -> None:
    """Tell the owner's pages, after the commit, that a batch came, ended, or stands otherwise; as often at most."""
    _after_commit(LiveEvent(OWNER_CHANGED, owner_id), final=False)


def notify_batches_changed(batch_ids: Iterable[int], *, final: bool = False) -> None:
    """Hint, after the commit, at batches that came, ended, or changed their state. Counters alone are no such change.

    Costs one query, so it is for changes that happen once in a batch's life, not once a file.
    """
    ids = list(batch_ids)
    for batch_id in ids:
        notify_batch_changed(batch_id, final=final)
    for owner_id in set(UploadBatch.all_objects.filter(id__in=ids).values_list("owner_id", flat=True)):
        notify_owner_changed(owner_id)


def notify_login_changed(user_id: int) -> None:
    """Tell the person's sockets, after the commit, to ask at once whether their logins still hold."""
    _after_commit(LiveEvent(LOGIN_CHANGED, user_id), final=True)


def _after_commit(hint: LiveEvent, *, final: bool) -> None:
    transaction.on_commit(lambda: _publisher.hint(hint, final=final), robust=True)


class Publisher:
    """One event loop on one thread per process that sends hints, coalesced by batch.

    A `group_send` through `async_to_sync` would open a Redis connection per call; a loop of its own keeps one.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changed: dict[LiveEvent, bool] = {}
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def hint(self, hint: LiveEvent, *, final: bool) -> None:
        """Note the change and return at once; any thread may call it."""
        with self._lock:
            news = final or hint not in self._changed
            self._changed[hint] = final or self._changed.get(hint, False)
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_until_complete, args=(self._run(),), daemon=True).start()
        if news:
            self._loop.call_soon_threadsafe(self._wake.set)

    async def _run(self) -> None:
        """Send what is due, for ever; each hint at most once per HINT_SECONDS unless its change is final."""
        client = redis.asyncio.from_url(settings.REDIS_URL)
        sent: dict[LiveEvent, float] = {}
        while True:
            await self._wake.wait()
            self._wake.clear()
            now = time.monotonic()
            sent = {hint: when for hint, when in sent.items() if now - when < EVENT_INTERVAL_SECONDS}
            for hint, final in self._take_due(sent).items():
                sent[hint] = now
                await self._send(client, hint, final=final)
            if self._changed:
                asyncio.get_running_loop().call_later(EVENT_INTERVAL_SECONDS, self._wake.set)

    def _take_due(self, sent: dict[LiveEvent, float]) -> dict[LiveEvent, bool]:
        with self._lock:
            due = {hint: final for hint, final in self._changed.items() if final or hint not in sent}
            for hint in due:
                del self._changed[hint]
        return due

    async def _send(self, client: "redis.asyncio.Redis", hint: LiveEvent, *, final: bool) -> None:
        """Send one hint; other processes share the limit through a key that lives HINT_SECONDS."""
        try:
            alone = await client.set(f"hint:{hint.type}:{hint.id}", 1, nx=True, px=int(EVENT_INTERVAL_SECONDS * 1000))
            if alone or final:
                await get_channel_layer().group_send(hint.group, hint.message)
            else:
                # Another process has just sent one, perhaps before our change: ours is told with the next.
                self._put_back(hint)
        except (OSError, redis.exceptions.RedisError) as error:
            redis_outage.begin(error)
        except Exception:
            logger.exception("A hint was not sent; the page looks by itself.")

    def _put_back(self, hint: LiveEvent) -> None:
        with self._lock:
            self._changed.setdefault(hint, False)


def _renew() -> None:
    """A forked process has none of its parent's threads; the parent's loop is kept, as closing it hurts the parent."""
    global _publisher
    _parents.append(_publisher)
    _publisher = Publisher()


_parents: list[Publisher] = []
_publisher = Publisher()
os.register_at_fork(after_in_child=_renew)
