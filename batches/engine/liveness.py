"""How a worker process is known to live: it holds a session advisory lock in PostgreSQL.

The lock is held on a connection of its own, outside the pool, and ends with the process however that ends; so a dead
worker is known at once, without time-outs. Its number is the id of the process's Worker row.
"""

import logging
import os
import socket
import threading
from typing import Any

import psycopg
from django.conf import settings
from django.db import Error, connection
from django.utils import timezone

from batches.models import BatchItem, Worker
from batches.models.states import ItemStatus
from uploads.database import renew_pool

logger = logging.getLogger(__name__)

# First key of all the engine's two-key advisory locks on workers; the second is the worker's id.
WORKER_LOCK_CLASS = 0x76_75_65
# libpq leaves them out for a socket of the file system. Seconds, but the last in milliseconds.
KEEPALIVE = {
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


def live_workers() -> list[int]:
    """Return the ids of the worker processes that hold their lock now, read from pg_locks."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objsubid = 2"
            " AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY 1",
            [WORKER_LOCK_CLASS],
        )
        return [row[0] for row in cursor.fetchall()]


class Identity:
    """The identity of this worker process. `id` is None while it has none, and then it must not claim.

    `acquisitions`: how often the lock was taken; each time but the first its connection had been lost.
    """

    def __init__(self) -> None:
        self.id: int | None = None
        self.acquisitions = 0
        self._worker: int | None = None
        self._former: set[int] = set()
        self._connection: psycopg.Connection[tuple[object, ...]] | None = None
        self._lock = threading.Lock()

    def acquire(self) -> bool:
        """Take or keep the lock; call it every second. Returns whether this process may claim.

        After a lost connection the same number is taken again, so that claims in hand stay valid. Where the server
        still believes in the lost session, the process goes on under a new number and takes its claims along.
        """
        with self._lock:
            if self._alive():
                return True
            self.id = None
            try:
                self._take()
            except (psycopg.Error, Error) as error:
                logger.debug("No lock: %s", error)
                return False
            return True

    def _alive(self) -> bool:
        if self.id is None or self._connection is None:
            return False
        try:
            self._connection.execute("SELECT 1")
        except psycopg.Error:
            return False
        return True

    def _take(self) -> None:
        """Open the connection and lock; raises errors of psycopg and of Django while the database is away."""
        if self._connection is not None:
            self._connection.close()
        again = self._connection is not None
        self._connection = psycopg.connect(**connection_parameters(), autocommit=True)
        if again:
            renew_pool()
        if self._worker is not None and _try_lock(self._connection, self._worker):
            Worker.objects.filter(id=self._worker).update(missing_since=None)
        else:
            self._renumber(self._connection)
        self._take_along()
        self.id = self._worker
        self.acquisitions += 1

    def _renumber(self, session: "psycopg.Connection[tuple[object, ...]]") -> None:
        if self._worker is not None:
            self._former.add(self._worker)
        self._worker = _register()
        if not _try_lock(session, self._worker):
            raise psycopg.OperationalError(f"The lock of worker {self._worker} is held by somebody else.")

    def _take_along(self) -> None:
        """Bring the claims of former numbers; these are known until it is done, however often it has to be tried."""
        if not self._former:
            return
        BatchItem.objects.filter(worker__in=self._former, status=ItemStatus.PROCESSING).update(worker=self._worker)
        # What was taken back meanwhile as lost by such a number was lost by no death.
        BatchItem.objects.filter(lost_worker__in=self._former).update(lost_worker=None)
        self._former.clear()

    def release(self) -> None:
        """Give the lock up at an orderly stop, and sign off: also where the lock was just lost, this was no death."""
        with self._lock:
            self.id = None
            try:
                numbers = self._former | ({self._worker} if self._worker is not None else set())
                Worker.objects.filter(id__in=numbers).update(stopped_at=timezone.now())
            finally:
                if self._connection is not None:
                    self._connection.close()


def connection_parameters() -> dict[str, Any]:
    """Return Django's own, and time-outs by which a line that is dead is known within seconds (only TCP has them)."""
    return KEEPALIVE | connection.get_connection_params()


def _try_lock(session: "psycopg.Connection[tuple[object, ...]]", number: int) -> bool:
    row = session.execute("SELECT pg_try_advisory_lock(%s, %s)", [WORKER_LOCK_CLASS, number]).fetchone()
    return bool(row and row[0])


def _register() -> int:
    worker = Worker.objects.create(host=socket.gethostname(), pid=os.getpid(), threads=settings.WORKER_THREADS)
    return worker.id


identity = Identity()
