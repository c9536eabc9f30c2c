"""Part files: what has arrived of a file so far. The size of the part is the truth about the offset."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from batches.intake.partial_lock import is_same_file, open_locked
from batches.intake.partial_paths import (
    PartialFacts,
    clear_unverified,
    delete_partial,
    mark_unverified,
    partial_path,
    verified_bytes,
)
from batches.intake.running_hashes import RunningHashes

READ_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a part to go back to."""

    size: int
    digest: Any


running_hashes = RunningHashes()


class PartialFile:
    """The part of one item, locked for this one writer. `size` is what has arrived, in bytes."""

    def __init__(self, item_id: int, path: Path, descriptor: int) -> None:
        self.item_id = item_id
        self.path = path
        self._descriptor = descriptor
        self._doubted = False
        now = os.fstat(descriptor)
        self.size = now.st_size
        self._hash = running_hashes.take(item_id, now)
        sure = verified_bytes(item_id)
        if sure is not None:
            if sure < self.size:
                self.truncate(sure)
                os.utime(
                    descriptor, ns=(now.st_atime_ns, now.st_mtime_ns)
                )  # nobody sent anything: it expires as before
            clear_unverified(item_id)

    def append(self, data: bytes | bytearray | memoryview) -> None:
        """Write at the end. Raises OSError when the disk refuses; what was written before that stays and counts."""
        rest = memoryview(data)
        while rest:
            written = os.write(self._descriptor, rest)
            if self._hash is not None:
                self._hash.update(rest[:written])
            self.size += written
            rest = rest[written:]

    def mark(self) -> Mark:
        """Return where the part stands now."""
        return Mark(self.size, self._hash.copy() if self._hash is not None else None)

    def go_back(self, mark: Mark) -> None:
        """Forget what came after the mark."""
        self.truncate(mark.size)
        if mark.size:
            self._hash = mark.digest
        self.trust()

    def doubt(self) -> None:
        """What comes from here on does not count until `trust`, also when this process is killed. Raises OSError."""
        self._doubted = True
        mark_unverified(self.item_id, self.size)

    def trust(self) -> None:
        """All that is here counts."""
        if self._doubted:
            clear_unverified(self.item_id)
            self._doubted = False

    def truncate(self, size: int) -> None:
        """Forget what came after the first `size` bytes. Raises PartBusy only at 0, when another took the name."""
        if size == 0 and os.fstat(self._descriptor).st_nlink > 1:
            self._leave_stored()
        os.ftruncate(self._descriptor, size)
        self.size = size
        self._hash = hashlib.sha256() if size == 0 else None

    def _leave_stored(self) -> None:
        """A crash left these very bytes in storage under a second name: they stay, the part begins as another file."""
        self.path.unlink()
        descriptor = open_locked(self.path)
        os.close(self._descriptor)
        self._descriptor = descriptor

    def head(self, length: int) -> bytes:
        """Return the first bytes."""
        return os.pread(self._descriptor, length, 0)

    def sync(self) -> None:
        """Make what arrived survive a power cut.

        Raises OSError when the disk cannot keep it. Then the part is removed: the kernel has dropped the pages and a
        second call would succeed over bytes that were never written.
        """
        try:
            os.fsync(self._descriptor)
        except OSError:
            self.delete()
            raise

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

    def facts(self) -> PartialFacts:
        """Return how the part stands on the disk."""
        now = os.fstat(self._descriptor)
        return PartialFacts(now.st_size, now.st_mtime)

    @property
    def file(self) -> Path:
        """The very file that is locked, whatever lies at its name by now; holds until `close`."""
        return Path(f"/proc/self/fd/{self._descriptor}")

    def delete(self) -> None:
        """Remove the file, never another one that took its name; the lock is held until `close`."""
        self._hash = None
        if is_same_file(self.path, self._descriptor):
            delete_partial(self.item_id)

    def close(self) -> None:
        """Give the lock back, keep the running digest for the next piece; a part without bytes is removed."""
        try:
            if not self.size:
                self.delete()
            if self._hash is not None:
                running_hashes.put(self.item_id, os.fstat(self._descriptor), self._hash)
        finally:
            os.close(self._descriptor)


def lock_partial(item_id: int) -> PartialFile:
    """Open the part, make it if there is none, and lock it until its `close`. Raises PartBusy, OSError."""
    path = partial_path(item_id)
    while True:
        descriptor = open_locked(path)
        try:
            if is_same_file(path, descriptor):
                return PartialFile(item_id, path, descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


@contextmanager
def locked_partial(item_id: int) -> Iterator[PartialFile]:
    """Hold the part for a block. Raises PartBusy, OSError."""
    part = lock_partial(item_id)
    try:
        yield part
    finally:
        part.close()
