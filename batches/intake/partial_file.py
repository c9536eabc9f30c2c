"""A partial file holds the bytes received so far. Its size is the upload's offset.

Only one writer at a time can lock a partial file. The kernel releases the lock if the writer's process ends.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from batches.intake.partial_paths import (
    PartialFacts,
    clear_unverified,
    delete_partial,
    mark_unverified,
    partial_path,
    verified_size,
)
from batches.intake.running_hashes import RunningHashes

READ_BYTES = 2**20


class PartialFileBusy(Exception):
    """Another request is writing this partial file."""


Checkpoint = tuple[int, Any]
"""The size and running digest of a partial file at an earlier point, for `PartialFile.roll_back`."""

running_hashes = RunningHashes()


class PartialFile:
    """One item's partial file, locked by this object. `size` is the number of bytes received."""

    def __init__(self, item_id: int, path: Path, descriptor: int) -> None:
        self.item_id = item_id
        self.path = path
        self._descriptor = descriptor
        self._unverified = False
        stat = os.fstat(descriptor)
        self.size = stat.st_size
        self._hash = running_hashes.take(item_id, stat)
        verified = verified_size(item_id)
        if verified is not None:
            if verified < self.size:
                self.truncate(verified)
                # Truncation changed the modification time, from which the expiry is computed. Restore it, because no
                # bytes were received.
                os.utime(descriptor, ns=(stat.st_atime_ns, stat.st_mtime_ns))
            clear_unverified(item_id)

    def append(self, data: bytes | bytearray | memoryview) -> None:
        """Append data. If the disk raises OSError, the bytes written before the error are kept and counted."""
        rest = memoryview(data)
        while rest:
            written = os.write(self._descriptor, rest)
            if self._hash is not None:
                self._hash.update(rest[:written])
            self.size += written
            rest = rest[written:]

    def checkpoint(self) -> Checkpoint:
        """Return the current size and running digest, for `roll_back`."""
        return self.size, self._hash.copy() if self._hash is not None else None

    def roll_back(self, checkpoint: Checkpoint) -> None:
        """Drop everything written after the checkpoint, and treat the rest as verified."""
        size, digest = checkpoint
        self.truncate(size)
        if size:
            self._hash = digest
        self.mark_verified()

    def mark_unverified(self) -> None:
        """Treat bytes written from now on as unverified until `mark_verified`, even after a crash. Raises OSError."""
        self._unverified = True
        mark_unverified(self.item_id, self.size)

    def mark_verified(self) -> None:
        """Treat all bytes written so far as verified."""
        if self._unverified:
            clear_unverified(self.item_id)
            self._unverified = False

    def truncate(self, size: int) -> None:
        """Truncate the file to `size` bytes.

        If `size` is 0 and the file is hard-linked into storage, replace it with an empty file instead. Raises
        PartialFileBusy if another writer locks the new file first.
        """
        if size == 0 and os.fstat(self._descriptor).st_nlink > 1:
            self._replace_linked()
        os.ftruncate(self._descriptor, size)
        self.size = size
        self._hash = hashlib.sha256() if size == 0 else None

    def _replace_linked(self) -> None:
        """Replace the file with an empty one, because after a crash the old inode may be hard-linked into storage."""
        self.path.unlink()
        descriptor = _open_locked(self.path)
        os.close(self._descriptor)
        self._descriptor = descriptor

    def head(self, length: int) -> bytes:
        """Return the first `length` bytes, or all bytes of a shorter file."""
        return os.pread(self._descriptor, length, 0)

    def sync(self) -> None:
        """Flush the bytes to disk, so that they survive a power failure.

        On OSError the partial file is removed, because the kernel may have dropped the unwritten pages: a second call
        could succeed although the bytes never reached the disk.
        """
        try:
            os.fsync(self._descriptor)
        except OSError:
            self.delete()
            raise

    def sha256(self) -> str:
        """Return the hex digest of all bytes. The file is read only if there is no running digest."""
        if self._hash is None:
            self._hash = hashlib.sha256()
            offset = 0
            while piece := os.pread(self._descriptor, READ_BYTES, offset):
                self._hash.update(piece)
                offset += len(piece)
        return str(self._hash.hexdigest())

    def facts(self) -> PartialFacts:
        """Return the size and the time of the last change."""
        stat = os.fstat(self._descriptor)
        return PartialFacts(stat.st_size, stat.st_mtime)

    @property
    def file(self) -> Path:
        """A path to the locked file that works even if its name was removed or reused. Valid until `close`."""
        return Path(f"/proc/self/fd/{self._descriptor}")

    def delete(self) -> None:
        """Remove the file, unless its path now leads to a different file. The lock is kept until `close`."""
        self._hash = None
        if _is_same_file(self.path, self._descriptor):
            delete_partial(self.item_id)

    def close(self) -> None:
        """Remove the file if it is empty; otherwise keep its running digest for the next request. Release the lock."""
        try:
            if not self.size:
                self.delete()
            if self._hash is not None:
                running_hashes.put(self.item_id, os.fstat(self._descriptor), self._hash)
        finally:
            os.close(self._descriptor)


def lock_partial(item_id: int) -> PartialFile:
    """Open or create an item's partial file and lock it until `close`. Raises PartialFileBusy, OSError."""
    path = partial_path(item_id)
    while True:
        descriptor = _open_locked(path)
        try:
            if _is_same_file(path, descriptor):
                return PartialFile(item_id, path, descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # another process removed the file before it was locked: try again


@contextmanager
def locked_partial(item_id: int) -> Iterator[PartialFile]:
    """Lock an item's partial file until the `with` block ends. Raises PartialFileBusy, OSError."""
    partial = lock_partial(item_id)
    try:
        yield partial
    finally:
        partial.close()


def _open_locked(path: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, 0o600)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, flags, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise PartialFileBusy from None
    return descriptor


def _is_same_file(path: Path, descriptor: int) -> bool:
    try:
        return os.fstat(descriptor).st_ino == path.stat().st_ino
    except FileNotFoundError:
        return False
