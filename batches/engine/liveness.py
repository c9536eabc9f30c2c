"""Show that a worker process is alive: it holds a session advisory lock in PostgreSQL.

The lock is held on a separate connection outside the pool. PostgreSQL releases it however the process ends, so a dead
worker is noticed at once, without time-outs. The lock's number is the id of the process's Worker row.
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
from uploads.database import fetch_rows, renew_pool

logger = logging.getLogger(__name__)

# First key of the engine's two-key advisory locks on workers; the second is the worker's id.
WORKER_LOCK_CLASS = 0x76_75_65
LIVE_WORKERS = """
SELECT objid::bigint FROM pg_locks
 WHERE locktype = 'advisory' AND classid = %(locks)s::oid AND objsubid = 2 AND granted
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
"""Selects the ids of live workers, also as a subquery; `locks` is WORKER_LOCK_CLASS."""
# In seconds, except tcp_user_timeout (milliseconds). libpq ignores them for Unix sockets.
KEEPALIVE = {
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


def live_workers() -> list[int]:
    """Return the ids of the worker processes that hold their lock now."""
    return sorted(worker for (worker,) in fetch_rows(LIVE_WORKERS, {"locks": WORKER_LOCK_CLASS}))


class Identity:
    """The identity of this worker process. `id` is None while the lock is not held; then the process must not claim.

    `acquisitions` counts how often the lock was taken. Each time after the first means that its connection was lost.
    """

    def __init__(self) -> None:
        self.id: int | None = None
        self.acquisitions = 0
        self._worker: int | None = None
        self._former: set[int] = set()
        self._connection: psycopg.Connection[tuple[object, ...]] | None = None
        self._lock = threading.Lock()

    def acquire(self) -> bool:
        """Take or keep the lock; call it every second. Return whether this process may claim.

        After a lost connection the same id is locked again, so that existing claims stay valid. If the server has not
        yet noticed that the old session is gone, the process takes a new id and moves its claims to it.
        """
        with self._lock:
            if self._holds_lock():
                return True
            self.id = None
            try:
                self._take_lock()
            except (psycopg.Error, Error) as error:
                logger.debug("No worker lock: %s", error)
                return False
            return True

    def _holds_lock(self) -> bool:
        if self.id is None or self._connection is None:
            return False
        try:
            self._connection.execute("SELECT 1")
        except psycopg.Error:
            return False
        return True

    def _take_lock(self) -> None:
        """Connect and lock. Raises errors of psycopg and of Django while the database is down."""
        if self._connection is not None:
            self._connection.close()
        reconnecting = self._connection is not None
        self._connection = psycopg.connect(**connection_parameters(), autocommit=True)
        if reconnecting:
            renew_pool()
        if self._worker is not None and _try_lock(self._connection, self._worker):
            Worker.objects.filter(id=self._worker).update(missing_since=None)
        else:
            self._take_new_id(self._connection)
        self._move_claims()
        self.id = self._worker
        self.acquisitions += 1

    def _take_new_id(self, session: "psycopg.Connection[tuple[object, ...]]") -> None:
        if self._worker is not None:
            self._former.add(self._worker)
        self._worker = _insert_worker()
        if not _try_lock(session, self._worker):
            raise psycopg.OperationalError(f"Another session holds the lock of worker {self._worker}.")

    def _move_claims(self) -> None:
        """Move the claims of former ids to the current one. The former ids are kept until this succeeds."""
        if not self._former:
            return
        BatchItem.objects.filter(worker__in=self._former, status=ItemStatus.PROCESSING).update(worker=self._worker)
        # Items that were recovered from a former id were not lost in a crash.
        BatchItem.objects.filter(lost_worker__in=self._former).update(lost_worker=None)
        self._former.clear()

    def release(self) -> None:
        """Record an orderly stop, so that nothing counts as a crash, and release the lock."""
        with self._lock:
            self.id = None
            try:
                ids = self._former | ({self._worker} if self._worker is not None else set())
                Worker.objects.filter(id__in=ids).update(stopped_at=timezone.now())
            finally:
                if self._connection is not None:
                    self._connection.close()


def connection_parameters() -> dict[str, Any]:
    """Return Django's parameters plus time-outs (TCP only) that detect a dead connection within seconds."""
    return KEEPALIVE | connection.get_connection_params()


def _try_lock(session: "psycopg.Connection[tuple[object, ...]]", worker: int) -> bool:
    row = session.execute("SELECT pg_try_advisory_lock(%s, %s)", [WORKER_LOCK_CLASS, worker]).fetchone()
    return bool(row and row[0])


def _insert_worker() -> int:
    worker = Worker.objects.create(host=socket.gethostname(), pid=os.getpid(), threads=settings.WORKER_THREADS)
    return worker.id


identity = Identity()
