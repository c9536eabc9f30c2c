"""Half-done digests of parts, so that a file sent in pieces is not read again at its end."""

import hashlib
import os
from collections import OrderedDict
from threading import Lock
from typing import Any


class RunningHashes:
    """Running SHA-256 of parts that are between two requests.

    A state belongs to an item, a file on the disk, a size and a time of change: another process may have gone on with
    the part, or have begun it anew. Bounded: the least recent are dropped, whose files are then read once more. Safe
    for threads.
    """

    def __init__(self, most: int = 1024) -> None:
        self._most = most
        self._states: OrderedDict[tuple[int, ...], Any] = OrderedDict()
        self._lock = Lock()

    def take(self, item_id: int, now: os.stat_result) -> Any:
        """Return and forget the state of a part that stands so; a fresh one when empty, None when it is not known."""
        with self._lock:
            state = self._states.pop((item_id, now.st_ino, now.st_size, now.st_mtime_ns), None)
        return hashlib.sha256() if state is None and not now.st_size else state

    def put(self, item_id: int, now: os.stat_result, state: Any) -> None:
        """Keep the state of a part that is left standing so."""
        with self._lock:
            self._states[item_id, now.st_ino, now.st_size, now.st_mtime_ns] = state
            while len(self._states) > self._most:
                self._states.popitem(last=False)
