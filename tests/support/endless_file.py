"""A file that keeps its reader waiting: a FIFO without data."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.waiting import wait_until


@contextmanager
def reader_waits(path: Path) -> Iterator[None]:
    """Wait until a process has opened the FIFO `path`, and keep the process waiting for data while the block runs."""
    writers: list[int] = []

    def opened() -> bool:
        try:
            writers.append(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            return False
        return True

    wait_until(opened, 60)
    try:
        yield
    finally:
        os.close(writers[0])
