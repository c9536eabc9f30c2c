"""Part files: what has arrived of a file so far. The size of the part is the truth about the offset."""

import fcntl
import hashlib
import os
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from django.conf import settings

READ_BYTES = 2**20


class PartBusy(Exception):
    """Another request is writing this part."""


class HashStates:
    """Half-done SHA-256 of parts, so that a file sent in pieces is not read again at its end.

    A state belongs to an item, a size and a time of change: another process may have gone on with the part, or have
    begun it anew. Bounded: the least recent are dropped, whose files are then read once more. Safe for threads.
    """

    def __init__(self, most: int = 1024) -> None:
        self._most = most
        self._states: OrderedDict[tuple[int, int, int], Any] = OrderedDict()
        self._lock = Lock()

    def take(self, item_id: int, now: os.stat_result) -> Any:
        """Return and forget the state of a part that stands so; a fresh one when empty, None when it is not known."""
        with self._lock:
            state = self._states.pop((item_id, now.st_size, now.st_mtime_ns), None)
        return hashlib.sha256() if state is None and not now.st_size else state

    def put(self, item_id: int, now: os.stat_result, state: Any) -> None:
        """Keep the state of a part that is left standing so."""
        with self._lock:
            self._states[item_id, now.st_size, now.st_mtime_ns] = state
            while len(self._states) > self._most:
                self._states.popitem(last=False)


states = HashStates()


class Part:
    """The part of one item, locked for this one writer. `size` is what has arrived, in bytes."""

    def __init__(self, item_id: int, path: Path, descriptor: int) -> None:
        self.item_id = item_id
        self.path = path
        self._descriptor = descriptor
        now = os.fstat(descriptor)
        self.size = now.st_size
        self._hash = states.take(item_id, now)

    def append(self, data: bytes) -> None:
        """Write at the end. Raises OSError when the disk refuses; what was written before that stays and counts."""
        rest = memoryview(data)
        while rest:
            written = os.write(self._descriptor, rest)
            if self._hash is not None:
                self._hash.update(rest[:written])
            self.size += written
            rest = rest[written:]

    def truncate(self, size: int) -> None:
        """Forget what came after the first `size` bytes."""
        os.ftruncate(self._descriptor, size)
        self.size = size
        self._hash = hashlib.sha256() if size == 0 else None

    def head(self, length: int) -> bytes:
        """Return the first bytes."""
        return os.pread(self._descriptor, length, 0)

    def sync(self) -> None:
        """Make what arrived survive a power cut."""
        os.fsync(self._descriptor)

    def sha256(self) -> str:
        """Return the digest of all bytes; reads the part only when the running one was lost."""
        if self._hash is None:
            self._hash = hashlib.sha256()
            offset = 0
            while piece := os.pread(self._descriptor, READ_BYTES, offset):
                self._hash.update(piece)
                offset += len(piece)
        digest: str = self._hash.hexdigest()
        return digest

    def delete(self) -> None:
        """Remove the file; the lock is held until `close`."""
        self._hash = None
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Give the lock back, keep the running digest for the next piece; a part without bytes is removed."""
        if not self.size:
            self.delete()
        if self._hash is not None:
            states.put(self.item_id, os.fstat(self._descriptor), self._hash)
        os.close(self._descriptor)


def part_path(item_id: int) -> Path:
    """Return where the part of an item lies; nothing of the sender's names is in it."""
    return Path(settings.PARTS_ROOT) / str(item_id)


def part_size(item_id: int) -> int:
    """Return how many bytes have arrived; 0 when there is no part."""
    try:
        return part_path(item_id).stat().st_size
    except FileNotFoundError:
        return 0


def delete_part(item_id: int) -> None:
    """Remove a part that nobody needs any more."""
    part_path(item_id).unlink(missing_ok=True)


def lock_part(item_id: int) -> Part:
    """Open the part, make it if there is none, and lock it until its `close`. Raises PartBusy, OSError."""
    path = part_path(item_id)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The part may have been finished and removed between open and lock: then this is no longer its file.
            if path.exists() and os.fstat(descriptor).st_ino == path.stat().st_ino:
                return Part(item_id, path, descriptor)
        except BlockingIOError:
            os.close(descriptor)
            raise PartBusy from None
        except FileNotFoundError:
            pass
        os.close(descriptor)


@contextmanager
def locked_part(item_id: int) -> Iterator[Part]:
    """Hold the part for a block. Raises PartBusy, OSError."""
    part = lock_part(item_id)
    try:
        yield part
    finally:
        part.close()
