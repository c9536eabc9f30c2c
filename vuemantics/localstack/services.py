"""The two servers together."""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vuemantics.localstack.paths import local_urls, private_folder, run_folder, state_folder
from vuemantics.localstack.postgres import Postgres
from vuemantics.localstack.redis import Redis
from vuemantics.localstack.start_error import StartError

LOCK_SECONDS = 90.0


class LocalServices:
    """PostgreSQL and Redis in `folder`, started once however many processes ask.

    The servers end with the thread that started them, even if it is killed; so start them from the main thread.
    With `durable=False` a power cut may lose the data (for tests).
    """

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self.folder = folder.resolve()
        self.database_url, self.redis_url = local_urls(self.folder)
        self.postgres = Postgres(self.folder, durable=durable)
        self.redis = Redis(self.folder)

    def start(self, *, postgres: bool = True, redis: bool = True) -> None:
        """Start or reuse the servers that are asked for. Raises StartError; what it had started then stays."""
        with self._alone():
            if postgres:
                self.postgres.start()
            if redis:
                self.redis.start()

    def running(self, *, postgres: bool = True, redis: bool = True) -> bool:
        """Whether the servers that are asked for run; a glance, cheap enough for once a second."""
        return (not postgres or self.postgres.running()) and (not redis or self.redis.running())

    def stop(self) -> None:
        """Stop what this object started."""
        if self.postgres.child is None and self.redis.child is None:
            return
        with self._alone():
            self.redis.stop()
            self.postgres.stop()
            if not self.redis.answers() and not self.postgres.answers():
                shutil.rmtree(run_folder(self.folder))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One start or stop at a time for this folder, whatever process it comes from."""
        state_folder(self.folder)
        path = self.folder / "local.lock"
        with path.open("w") as lock:
            deadline = time.monotonic() + LOCK_SECONDS
            while not _locked(lock.fileno()):
                if time.monotonic() > deadline:
                    raise StartError(f"Another start has held {path} for {LOCK_SECONDS:.0f} s: end it, then try again.")
                time.sleep(0.05)
            private_folder(run_folder(self.folder), mode=0o711 if os.getuid() == 0 else 0o700)
            yield


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
