"""Dramatiq middleware that runs the background threads of a worker process and shuts it down cleanly."""

import logging
import os

import dramatiq
from django.conf import settings

from batches.engine.circuit_breaker import breaker
from batches.engine.heartbeat import beat, release_and_purge
from batches.engine.in_flight import Job, in_flight
from batches.engine.liveness import identity
from batches.models.error_codes import default_message
from batches.worker.cleanup import clean_up
from batches.worker.completion_emails import due_completion_emails
from batches.worker.damage_emails import due_damage_emails
from batches.worker.mail_delivery import EMAIL_INTERVAL_SECONDS, deliver
from batches.worker.periodic_thread import SERVICE_ERRORS, PeriodicThread
from batches.worker.reconciler import reconcile
from batches.worker.search_maintenance import SEARCH_MAINTENANCE_SECONDS, maintain_search
from batches.worker.text_reading import TEXT_READING_SECONDS, start_reading
from uploads.analysis.ocr.installed_models import reads_text
from uploads.verification.schedule import verify_in_background

logger = logging.getLogger(__name__)

HUNG_STATUS = 70
"""Exit status of a process that ended itself because a job hung."""
HEARTBEAT_SECONDS = 1.0
VERIFICATION_SECONDS = 60.0
CLEANUP_ROUNDS = 3
"""The number of reconciler rounds between two clean-ups. Fewer clean-ups save CPU time on an idle worker."""


class WorkerMiddleware(dramatiq.Middleware):
    """Starts the background threads of a worker process and releases its claims at shutdown."""

    def __init__(self) -> None:
        self._threads: list[PeriodicThread] = []

    def after_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        """Start the background threads, once per process. Until a heartbeat acquires the lock, nothing is claimed.

        They start only now, because an error in one of them may end the process. If a process dies while it boots,
        rundramatiq waits up to 30 s for it and starts no other process in that time. A process that dies after booting
        but before its first heartbeat loses no work, because it has no jobs yet.
        """
        if self._threads:
            return
        heartbeat_thread = PeriodicThread("heartbeat", HEARTBEAT_SECONDS, heartbeat)
        self._threads = [
            heartbeat_thread,
            PeriodicThread("reconciler", settings.RECONCILE_SECONDS, reconcile),
            PeriodicThread("cleanup", CLEANUP_ROUNDS * settings.RECONCILE_SECONDS, clean_up),
            PeriodicThread("search", SEARCH_MAINTENANCE_SECONDS, maintain_search),
            PeriodicThread("verification", VERIFICATION_SECONDS, verify_in_background),
        ]
        if reads_text():
            self._threads.append(PeriodicThread("text", TEXT_READING_SECONDS, start_reading))
        if settings.EMAIL_URL:
            self._threads.append(PeriodicThread("e-mail", EMAIL_INTERVAL_SECONDS, send_emails))
        heartbeat_thread.start()
        # Without this wait, the process may handle a wake-up before it has an identity. It would then claim nothing,
        # and the pending items would wait for the reconciler's next round.
        heartbeat_thread.first_round.wait(HEARTBEAT_SECONDS)
        for thread in self._threads[1:]:
            thread.start()

    def before_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        """Stop claiming, and release all claims immediately. A job that finishes after this has no effect."""
        claims = in_flight.stop()
        for thread in self._threads:
            thread.stop()
        try:
            release_and_purge(claims)
        except SERVICE_ERRORS as error:
            logger.warning("Could not release %d files (%s); another worker will recover them.", len(claims), error)

    def after_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        """Release the lock that shows that this worker is alive."""
        try:
            identity.release()
        except SERVICE_ERRORS as error:
            logger.warning("Could not release the worker's lock (%s).", error)


def heartbeat() -> None:
    """Acquire the worker's lock unless this process already holds it, then write the state of the in-flight jobs.

    Without the lock, the process claims nothing.
    """
    acquisitions = identity.acquisitions
    if not identity.acquire() or identity.id is None:
        breaker.trip("database.away", default_message("database.away"))
        return
    if identity.acquisitions != acquisitions:
        # This process has a new connection, so the database is available again. A heartbeat over an existing connection
        # does not show this, because a database with a full disk still answers queries.
        breaker.reset("database.away")
    hung = beat(identity.id)
    if hung:
        recycle(hung)


def send_emails() -> None:
    deliver(lambda: [*due_completion_emails(), *due_damage_emails()])


def recycle(hung: list[Job]) -> None:
    """End this process, because a hung job cannot be stopped.

    The claims of all other jobs are released first, so that a crash is counted only for the hung jobs.
    """
    for job in hung:
        logger.error("File %d is stuck in stage %s, so this worker process exits.", job.claim.item_id, job.stage)
    tokens = {job.claim.token for job in hung}
    try:
        release_and_purge([claim for claim in in_flight.stop() if claim.token not in tokens])
    finally:
        os._exit(HUNG_STATUS)
