"""Allow only one `manage.py run` at a time per state directory."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vuemantics.localstack import StartError
from vuemantics.localstack.paths import state_folder


@contextmanager
def single_run(folder: Path, port: int) -> Iterator[None]:
    """Hold the lock of the directory during the `with` block. The kernel releases it even if the process is killed.

    Raises StartError if another process holds it. The error names that process and its port.
    """
    with (state_folder(folder) / "run.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            other_port, _, pid = lock.read().strip().partition(" ")
            raise StartError(_already_running(folder, other_port, pid)) from None
        lock.truncate(0)
        lock.write(f"{port} {os.getpid()}")
        lock.flush()
        yield


def _already_running(folder: Path, port: str, pid: str) -> str:
    problem = f"Vuemantics is already running on port {port} with the data in {folder}."
    return f"{problem} To stop it, press Ctrl-C in its terminal, or run: kill {pid}"
