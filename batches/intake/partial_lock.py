"""One writer at a time: a lock on the part's own file, which ends with its process."""

import fcntl
import os
from pathlib import Path


class PartialFileBusy(Exception):
    """Another request is writing this part."""


def open_locked(path: Path) -> int:
    """Open the file, make it if there is none, and lock it until its descriptor is closed. Raises PartBusy, OSError."""
    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise PartialFileBusy from None
    return descriptor


def is_same_file(path: Path, descriptor: int) -> bool:
    """The part may have been finished and removed between open and lock: then this is no longer its file."""
    try:
        return os.fstat(descriptor).st_ino == path.stat().st_ino
    except FileNotFoundError:
        return False


def _open(path: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o600)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return os.open(path, flags, 0o600)
