"""Send wake-ups: empty messages that make a worker query the database for work.

Lost, duplicate and late wake-ups are harmless, because the queue is the item table in the database, and the reconciler
replaces lost wake-ups within seconds. A separate thread sends the wake-ups, so that a commit neither fails nor slows
down while Redis is unavailable.
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

QUEUE = "batches"
ACTOR = "process_next_batch"


def notify_workers(items: int = 1) -> None:
    """After the commit, request one wake-up per new pending item, but no more than there are worker threads."""
    transaction.on_commit(lambda: _sender.request(items), robust=True)


def total_threads() -> int:
    """Return the total number of threads in all worker processes."""
    return settings.WORKER_PROCESSES * settings.WORKER_THREADS


def send_wake_ups(wanted: int) -> int:
    """Add wake-ups until the Redis queue contains `wanted`; return how many were added. Raises redis.RedisError."""
    broker = _broker()
    waiting: int = broker.client.llen(queue_key())
    missing = max(0, wanted - waiting)
    for _ in range(missing):
        broker.enqueue(dramatiq.Message(queue_name=QUEUE, actor_name=ACTOR, args=(), kwargs={}, options={}))
    return missing


def queue_key() -> str:
    """Return the key of the Redis list that contains the waiting wake-ups."""
    return f"{_broker().namespace}:{QUEUE}"


def _broker() -> RedisBroker:
    return cast(RedisBroker, dramatiq.get_broker())


class WakeUpSender:
    """Sends wake-ups in a background thread. Requests made while the thread is sending are merged."""

    def __init__(self) -> None:
        self._requested = threading.Condition()
        self._wanted = 0
        self._started = False
        self._outage = OutageLog(
            logger,
            "Wake-ups cannot be sent (%s): files are stored and will be processed when Redis works again.",
            "Wake-ups can be sent again.",
        )

    def request(self, wake_ups: int) -> None:
        """Request this number of wake-ups and return immediately. Thread-safe."""
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
    """Create a new sender in a forked process, because the parent's threads do not exist there."""
    global _sender
    _sender = WakeUpSender()


_sender = WakeUpSender()
os.register_at_fork(after_in_child=_replace_sender)
