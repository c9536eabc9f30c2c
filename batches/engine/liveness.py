"""Detect which worker processes are alive: each holds a session-level advisory lock in PostgreSQL.

A worker holds its lock on a separate connection outside the pool. However the process ends, PostgreSQL releases the
lock, so a dead worker is detected without waiting for a timeout. The second key of the lock is the id of the process's
Worker row.
"""

import logging
import os
import socket
import threading
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import psycopg
from django.conf import settings
from django.db import Error, connection
from django.utils import timezone

from batches.models import BatchItem, Worker
from batches.models.states import ItemStatus
from uploads.database import fetch_rows, renew_pool

logger = logging.getLogger(__name__)

# First key of the workers' two-key advisory locks.
WORKER_LOCK_CLASS = 0x76_75_65
HELD_LOCK = """
locktype = 'advisory' AND classid = %(locks)s::oid AND objsubid = 2 AND granted
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
LIVE_WORKERS = f"SELECT objid::bigint FROM pg_locks WHERE {HELD_LOCK}"
"""Selects the ids of the live workers. Other statements include it as a subquery. `locks` is WORKER_LOCK_CLASS."""
HEARTBEATS = f"""
SELECT objid::bigint AS worker, state_change AS heartbeat,
       COALESCE(state_change < clock_timestamp() - %(silence)s, false) AS frozen
  FROM pg_locks LEFT JOIN pg_stat_activity USING (pid) WHERE {HELD_LOCK}
"""
"""Selects each live worker, when it last used its lock's session, and whether it is `frozen`.

Every heartbeat uses the session. The time is NULL if the web server's database role may not see the workers' sessions;
such a worker never counts as frozen. `heartbeat_parameters` returns the parameters.
"""
SILENCE = timedelta(seconds=25)
"""A live worker without a heartbeat for this long counts as frozen. A signal or a debugger may have stopped it."""
# The times are in seconds, except tcp_user_timeout, which is in milliseconds. libpq ignores these parameters for Unix
# sockets.
KEEPALIVE = {
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


def live_workers() -> list[int]:
    """Return the ids of the worker processes that currently hold their lock."""
    return sorted(worker for (worker,) in fetch_rows(LIVE_WORKERS, {"locks": WORKER_LOCK_CLASS}))


class Heartbeat(NamedTuple):
    """When a live worker sent its last heartbeat (None if that is not known), and whether it counts as frozen."""

    at: datetime | None
    frozen: bool


def heartbeat_parameters() -> dict[str, Any]:
    """Return the values for the placeholders in HEARTBEATS."""
    return {"locks": WORKER_LOCK_CLASS, "silence": SILENCE}


def last_heartbeats() -> dict[int, Heartbeat]:
    """Return each live worker's last heartbeat, keyed by worker id."""
    return {worker: Heartbeat(at, frozen) for worker, at, frozen in fetch_rows(HEARTBEATS, heartbeat_parameters())}


class Identity:
    """The identity of this worker process.

    While the process does not hold its lock, `id` is None, and the process must not claim items. `acquisitions` counts
    how often the process has acquired the lock. Every acquisition after the first one means that the lock's connection
    had been lost.
    """

    def __init__(self) -> None:
        self.id: int | None = None
        self.acquisitions = 0
        self._worker: int | None = None
        self._former: set[int] = set()
        self._connection: psycopg.Connection[tuple[object, ...]] | None = None
        self._lock = threading.Lock()

    def acquire(self) -> bool:
        """Acquire the lock or check that it is held; return whether this process may claim. Call this every second.

        If the lock's connection was lost, the process locks the same id again to keep its claims. If the old session
        still holds that lock, because the server has not yet noticed the loss, the process gets a new id and moves its
        claims to it.
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
        """Open a connection and acquire the lock. While the database is down, this raises psycopg and Django errors."""
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
        """Move claims from this process's previous ids to its current id. Keep the previous ids until this succeeds."""
        if not self._former:
            return
        BatchItem.objects.filter(worker__in=self._former, status=ItemStatus.PROCESSING).update(worker=self._worker)
        # Items recovered from this process's previous ids were not lost in a crash, because the process is still
        # running.
        BatchItem.objects.filter(lost_worker__in=self._former).update(lost_worker=None)
        self._former.clear()

    def release(self) -> None:
        """Record that this process stopped normally, so that no crash is counted for its items; release the lock."""
        with self._lock:
            self.id = None
            try:
                ids = self._former | ({self._worker} if self._worker is not None else set())
                Worker.objects.filter(id__in=ids).update(stopped_at=timezone.now())
            finally:
                self._release_lock()

    def _release_lock(self) -> None:
        """Unlock before closing the connection, because PostgreSQL may take some time to end the closed session."""
        if self._connection is None:
            return
        with suppress(psycopg.Error):  # a lost connection holds no lock
            self._connection.execute("SELECT pg_advisory_unlock_all()")
        self._connection.close()


def connection_parameters() -> dict[str, Any]:
    """Return Django's connection parameters plus TCP timeouts, which detect a dead connection within seconds."""
    return KEEPALIVE | connection.get_connection_params()


def _try_lock(session: "psycopg.Connection[tuple[object, ...]]", worker: int) -> bool:
    row = session.execute("SELECT pg_try_advisory_lock(%s, %s)", [WORKER_LOCK_CLASS, worker]).fetchone()
    return bool(row and row[0])


def _insert_worker() -> int:
    worker = Worker.objects.create(host=socket.gethostname(), pid=os.getpid(), threads=settings.WORKER_THREADS)
    return worker.id


identity = Identity()
