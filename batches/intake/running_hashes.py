"""Unfinished digests of partial files, so that a file sent in pieces is not read again at its end."""

import hashlib
import os
from collections import OrderedDict
from threading import Lock
from typing import Any


class RunningHashes:
    """Unfinished SHA-256 digests of partial files between two requests.

    Each belongs to an item, an inode, a size and a modification time, because another process may have continued or
    restarted the partial file. Holds at most `limit` digests and drops the least recent; their files are then read
    again. Thread-safe.
    """

    def __init__(self, limit: int = 1024) -> None:
        self._limit = limit
        self._digests: OrderedDict[tuple[int, ...], Any] = OrderedDict()
        self._lock = Lock()

    def take(self, item_id: int, stat: os.stat_result) -> Any:
        """Remove and return the digest of this exact file; a new one if it is empty, None if unknown."""
        with self._lock:
            digest = self._digests.pop((item_id, stat.st_ino, stat.st_size, stat.st_mtime_ns), None)
        return hashlib.sha256() if digest is None and not stat.st_size else digest

    def put(self, item_id: int, stat: os.stat_result, digest: Any) -> None:
        """Keep the digest of a file in this exact state."""
        with self._lock:
            self._digests[item_id, stat.st_ino, stat.st_size, stat.st_mtime_ns] = digest
            while len(self._digests) > self._limit:
                self._digests.popitem(last=False)
