"""Wake workers: a message without content makes a worker ask the database for work.

Lost, duplicate or late wake-ups are harmless: the rows are the queue. A separate thread sends them, so that an
unavailable Redis neither fails nor slows a commit; the reconciler replaces lost ones within seconds.
"""

import logging
import os
import threading
from typing import cast

import dramatiq
import redis
from django.conf import settings
from django.db import transaction
from dramatiq.brokers.redis import RedisBroker

from uploads.outage_log import OutageLog

logger = logging.getLogger(__name__)

QUEUE = "slices"
ACTOR = "process_next_batch"


def notify_workers(items: int = 1) -> None:
    """After the commit, send a wake-up for each of these new pending items, but no more than there are threads."""
    transaction.on_commit(lambda: _sender.request(items), robust=True)


def total_threads() -> int:
    """Return the number of worker threads of this installation."""
    return settings.WORKER_PROCESSES * settings.WORKER_THREADS


def send_wake_ups(wanted: int) -> int:
    """Top the queue up to `wanted` wake-ups; return how many were sent. Raises redis.RedisError."""
    broker = _broker()
    waiting: int = broker.client.llen(queue_key())
    missing = max(0, wanted - waiting)
    for _ in range(missing):
        broker.enqueue(dramatiq.Message(queue_name=QUEUE, actor_name=ACTOR, args=(), kwargs={}, options={}))
    return missing


def queue_key() -> str:
    """Return the Redis key of the waiting wake-ups."""
    return f"{_broker().namespace}:{QUEUE}"


def _broker() -> RedisBroker:
    return cast(RedisBroker, dramatiq.get_broker())


class WakeUpSender:
    """A thread that sends wake-ups; requests that arrive while it is busy are merged."""

    def __init__(self) -> None:
        self._requested = threading.Condition()
        self._wanted = 0
        self._started = False
        self._outage = OutageLog(
            logger,
            "Wake-ups cannot be sent (%s): files are stored and will be processed when Redis works again.",
            "Wake-ups are sent again.",
        )

    def request(self, wake_ups: int) -> None:
        """Request wake-ups and return at once."""
        with self._requested:
            self._wanted = min(self._wanted + wake_ups, total_threads())
            if not self._started:
                self._started = True
                threading.Thread(target=self._run, name="wake-ups", daemon=True).start()
            self._requested.notify()

    def _run(self) -> None:
        while True:
            with self._requested:
                while not self._wanted:
                    self._requested.wait()
                wanted, self._wanted = self._wanted, 0
            try:
                send_wake_ups(wanted)
                self._outage.report(None)
            except (redis.RedisError, dramatiq.errors.BrokerConnectionError) as error:
                self._outage.report(error)


def _replace_sender() -> None:
    """Give a forked process, which lacks its parent's threads, a new sender."""
    global _sender
    _sender = WakeUpSender()


_sender = WakeUpSender()
os.register_at_fork(after_in_child=_replace_sender)
