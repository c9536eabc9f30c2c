"""Keep unfinished digests between requests, so that a file sent in pieces need not be read again to be hashed."""

import hashlib
import os
from collections import OrderedDict
from threading import Lock
from typing import Any


class RunningHashes:
    """Unfinished SHA-256 digests of partial files that no request is writing at the moment.

    Each digest is keyed by item, inode, size and modification time, so that it is not used if another process has
    continued or restarted the partial file. At most `limit` digests are kept. The oldest is dropped first; its file
    must then be read again. Thread-safe.
    """

    def __init__(self, limit: int = 1024) -> None:
        self._limit = limit
        self._digests: OrderedDict[tuple[int, ...], Any] = OrderedDict()
        self._lock = Lock()

    def take(self, item_id: int, stat: os.stat_result) -> Any:
        """Remove and return the digest for a file in this exact state.

        If there is none, return a new digest for an empty file, or None for any other file.
        """
        with self._lock:
            digest = self._digests.pop((item_id, stat.st_ino, stat.st_size, stat.st_mtime_ns), None)
        return hashlib.sha256() if digest is None and not stat.st_size else digest

    def put(self, item_id: int, stat: os.stat_result, digest: Any) -> None:
        """Keep the digest for a file in this exact state."""
        with self._lock:
            self._digests[item_id, stat.st_ino, stat.st_size, stat.st_mtime_ns] = digest
            while len(self._digests) > self._limit:
                self._digests.popitem(last=False)
