"""Start and stop the embedded PostgreSQL and Redis together."""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vuemantics.localstack.paths import local_urls, private_folder, run_folder, state_folder
from vuemantics.localstack.postgres import Postgres
from vuemantics.localstack.process import StartError
from vuemantics.localstack.redis import Redis

LOCK_SECONDS = 90.0


class LocalServices:
    """PostgreSQL and Redis in `folder`. Each server runs only once, even if several processes call `start`.

    The servers end with the thread that started them, even if it is killed, so start them from the main thread. With
    `durable=False`, which is meant for tests, a power failure may destroy the data.
    """

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self.folder = folder.resolve()
        self.database_url, self.redis_url = local_urls(self.folder)
        self.postgres = Postgres(self.folder, durable=durable)
        self.redis = Redis(self.folder)

    def start(self, *, postgres: bool = True, redis: bool = True) -> None:
        """Start the selected servers unless they are running.

        Raises StartError; servers that have already started keep running.
        """
        with self._locked():
            if postgres:
                self.postgres.start()
            if redis:
                self.redis.start()

    def is_running(self, *, postgres: bool = True, redis: bool = True) -> bool:
        """Return whether the selected servers are running. This is fast enough to call every second."""
        return (not postgres or self.postgres.is_running()) and (not redis or self.redis.is_running())

    def stop(self) -> None:
        """Stop the servers that this object started."""
        if self.postgres.process is None and self.redis.process is None:
            return
        with self._locked():
            self.redis.stop()
            self.postgres.stop()
            if not self.redis.is_reachable() and not self.postgres.is_reachable():
                shutil.rmtree(run_folder(self.folder))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Allow only one process at a time to start or stop the servers of this directory."""
        state_folder(self.folder)
        path = self.folder / "local.lock"
        with path.open("w") as lock:
            deadline = time.monotonic() + LOCK_SECONDS
            while not _try_lock(lock.fileno()):
                if time.monotonic() > deadline:
                    problem = f"Another process has locked {path} for {LOCK_SECONDS:.0f} s"
                    raise StartError(f"{problem}: end it, then try again.")
                time.sleep(0.05)
            private_folder(run_folder(self.folder), mode=0o711 if os.getuid() == 0 else 0o700)
            yield


def _try_lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
