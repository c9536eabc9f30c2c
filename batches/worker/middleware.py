"""What a dramatiq worker process does beside its messages: be known to live, beat, reconcile, clean, stop in order."""

import logging
import os
import random
import threading
from collections.abc import Callable

import dramatiq
import redis
from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, connection

from batches.engine.circuit_breaker import breaker
from batches.engine.heartbeat import beat, release_and_purge
from batches.engine.in_flight import Job, in_flight
from batches.engine.liveness import identity
from batches.messaging.broker import MAX_POLL_MS
from batches.worker.cleanup import clean_up
from batches.worker.completion_emails import EMAIL_INTERVAL_SECONDS, send_completion_emails
from batches.worker.reconciler import reconcile

logger = logging.getLogger(__name__)

# Exit status of a process that ended itself because of hung work.
HUNG_STATUS = 70
FIRST_BEAT_SECONDS = 1.0
AWAY = (OperationalError, InterfaceError, redis.RedisError, dramatiq.errors.BrokerConnectionError)


class PeriodicThread(threading.Thread):
    """Calls a function at once and every `seconds` (± 20 %) until stopped; an outage is logged once and tried again."""

    def __init__(self, name: str, seconds: float, step: Callable[[], object]) -> None:
        super().__init__(name=name, daemon=True)
        self._seconds = seconds
        self._step = step
        self._end = threading.Event()
        self._away = False
        self.first_round = threading.Event()

    def run(self) -> None:
        """Repeat; every round gives its database connection back to the pool."""
        while not self._end.is_set():
            try:
                self._step()
                self._away = False
            except AWAY as error:
                if not self._away:
                    logger.warning("%s waits: %s", self.name, error)
                self._away = True
            except Exception:
                logger.exception("%s failed; it goes on with the next round.", self.name)
            finally:
                close_old_connections()
                connection.close()
                self.first_round.set()
            self._end.wait(self._seconds * random.uniform(0.8, 1.2))  # noqa: S311 (spreads, hides nothing)

    def stop(self) -> None:
        """End after the round in hand."""
        self._end.set()


def heartbeat() -> None:
    """Keep the lock, then write what is in hand. Without the lock nothing is claimed."""
    before = identity.acquisitions
    if not identity.acquire() or identity.id is None:
        breaker.trip("database.away", "The database does not answer.")
        return
    if identity.acquisitions != before:
        # Away for this thread too, and back. Where it answered all the while, only a file that is written shows more.
        breaker.reset("database.away")
    hung = beat(identity.id)
    if hung:
        recycle(hung)


def recycle(hung: list[Job]) -> None:
    """End this process, which cannot end the hung work: its neighbours go back, it alone counts as a death."""
    for held in hung:
        logger.error("File %d hangs in its stage %s: this worker process ends.", held.claim.item_id, held.stage)
    tokens = {held.claim.token for held in hung}
    try:
        release_and_purge([claim for claim in in_flight.stop() if claim.token not in tokens])
    finally:
        os._exit(HUNG_STATUS)


class WorkerMiddleware(dramatiq.Middleware):
    """Boot, liveness and stop of one worker process. Set-up happens once per process, also when called again."""

    def __init__(self) -> None:
        self._threads: list[PeriodicThread] = []

    def before_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        """Let idle threads look up more often than each second: a stop waits for every one of them."""
        worker.worker_timeout = MAX_POLL_MS

    def after_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        """Start the threads: the heartbeat takes an identity, however often it has to try; nothing is claimed before.

        Not earlier: rundramatiq waits up to 30 s for a process that dies before its boot is over, and starts no other
        meanwhile. What is left in between is a moment in which there is no work in hand.
        """
        if self._threads:
            return
        self._threads = [
            PeriodicThread("heartbeat", 1, heartbeat),
            PeriodicThread("reconciler", settings.RECONCILE_SECONDS, reconcile),
            PeriodicThread("cleaner", settings.RECONCILE_SECONDS, clean_up),
        ]
        if settings.EMAIL_URL:
            self._threads.append(PeriodicThread("notices", EMAIL_INTERVAL_SECONDS, send_completion_emails))
        for thread in self._threads:
            thread.start()
            # The first beat comes before the first bell, which would find no identity and be lost for a round.
            thread.first_round.wait(FIRST_BEAT_SECONDS if thread is self._threads[0] else 0)

    def before_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        """Claim nothing more and give back what is in hand at once; its late finish will change nothing."""
        claims = in_flight.stop()
        for thread in self._threads:
            thread.stop()
        try:
            release_and_purge(claims)
        except AWAY as error:
            logger.warning("Could not give %d files back (%s); they are taken back for us.", len(claims), error)

    def after_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        """Give up the lock."""
        try:
            identity.release()
        except AWAY as error:
            logger.warning("Could not sign off (%s).", error)
