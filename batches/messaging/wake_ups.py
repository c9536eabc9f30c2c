"""The bell: a message without content that lets a worker ask the database whose turn it is.

Lost, doubled or late bells change nothing: the rows are the queue. A thread of its own rings, so that a Redis that is
away neither fails nor slows what was committed; the reconciler rings again within seconds.
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

logger = logging.getLogger(__name__)

QUEUE = "slices"
ACTOR = "process_next_batch"


def notify_workers(files: int = 1) -> None:
    """After the commit, ring for this many newly waiting files; more bells than worker threads are never useful."""
    transaction.on_commit(lambda: _ringer.ask(files), robust=True)


def total_threads() -> int:
    """Return how many files this installation is set to work on at the same time."""
    return settings.WORKER_PROCESSES * settings.WORKER_THREADS


def send_wake_ups(wanted: int) -> int:
    """Top the queue up to `wanted` bells; returns how many were sent. Raises redis.RedisError."""
    broker = _broker()
    waiting: int = broker.client.llen(queue_key())
    missing = max(0, wanted - waiting)
    for _ in range(missing):
        broker.enqueue(dramatiq.Message(queue_name=QUEUE, actor_name=ACTOR, args=(), kwargs={}, options={}))
    return missing


def queue_key() -> str:
    """Return where in Redis the bells wait."""
    return f"{_broker().namespace}:{QUEUE}"


def _broker() -> RedisBroker:
    return cast(RedisBroker, dramatiq.get_broker())


class WakeUpSender:
    """A thread that rings when asked; many asks while it is busy become one."""

    def __init__(self) -> None:
        self._asked = threading.Condition()
        self._wanted = 0
        self._started = False
        self._out = False

    def ask(self, bells: int) -> None:
        """Note the wish and return at once."""
        with self._asked:
            self._wanted = min(self._wanted + bells, total_threads())
            if not self._started:
                self._started = True
                threading.Thread(target=self._run, name="bells", daemon=True).start()
            self._asked.notify()

    def _run(self) -> None:
        while True:
            with self._asked:
                while not self._wanted:
                    self._asked.wait()
                wanted, self._wanted = self._wanted, 0
            try:
                send_wake_ups(wanted)
                self._out = False
            except (redis.RedisError, dramatiq.errors.BrokerConnectionError) as error:
                if not self._out:
                    logger.warning("Redis is away (%s): files are kept and worked on when it is back.", error)
                self._out = True


def _renew() -> None:
    global _ringer
    _ringer = WakeUpSender()


_ringer = WakeUpSender()
os.register_at_fork(after_in_child=_renew)
