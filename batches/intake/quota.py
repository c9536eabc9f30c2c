"""How much one owner may store: what is stored, and what is announced and still coming, against a limit.

No row counts the bytes: every arrival and deletion would have to write it, in the order of all the others. Each process
sums them up anew at most every ten seconds, by two scans of indexes alone, and adds what it admits in between. So an
owner can get over the limit by what other processes admit within ten seconds, and never by more.
"""

import time
from dataclasses import dataclass
from threading import Lock

from django.conf import settings
from django.db.models import Sum
from django.template.defaultfilters import filesizeformat

from batches.engine.errors import Refused
from batches.models import BatchItem
from batches.states import LIVE_BATCHES, ItemStatus
from uploads.models import Upload

FRESH_SECONDS = 10.0
# Somebody who has just made room is not refused by an old sum for long.
RECHECK_SECONDS = 1.0
MOST_OWNERS = 10_000


@dataclass(slots=True)
class _Sum:
    used: int
    at: float


class OwnerBytes:
    """The sums of this process, by owner. Safe for threads; bounded by being emptied."""

    def __init__(self) -> None:
        self._sums: dict[int, _Sum] = {}
        self._lock = Lock()

    def used(self, owner_id: int, oldest: float = FRESH_SECONDS) -> int:
        """Return the owner's bytes as they were at most `oldest` seconds ago, and what was admitted here since."""
        now = time.monotonic()
        with self._lock:
            found = self._sums.get(owner_id)
            if found and now - found.at < oldest:
                return found.used
        fresh = _Sum(count_bytes(owner_id), now)
        with self._lock:
            if len(self._sums) >= MOST_OWNERS:
                self._sums.clear()
            self._sums[owner_id] = fresh
        return fresh.used

    def add(self, owner_id: int, size: int) -> None:
        """Count a file that was admitted."""
        with self._lock:
            found = self._sums.get(owner_id)
            if found:
                found.used += size


sums = OwnerBytes()


def count_bytes(owner_id: int) -> int:
    """Sum up what is stored and what is announced and still coming. Two queries, each over a covering index."""
    stored = Upload.objects.filter(owner_id=owner_id).aggregate(bytes=Sum("size"))["bytes"] or 0
    coming = BatchItem.objects.filter(
        batch__owner_id=owner_id, batch__status__in=LIVE_BATCHES, status=ItemStatus.RECEIVING
    ).aggregate(bytes=Sum("size"))["bytes"]
    return int(stored) + int(coming or 0)


def over_quota(owner_id: int, size: int) -> Refused | None:
    """Return why a file of so many bytes is not taken, or None. No query where no quota is set."""
    most = settings.OWNER_BYTES
    if not most or sums.used(owner_id) + size <= most:
        return None
    used = sums.used(owner_id, RECHECK_SECONDS)
    if used + size <= most:
        return None
    words = (
        f"The file is {filesizeformat(size)} large; {filesizeformat(used)} of the {filesizeformat(most)} that you may "
        "store are used or on their way. Delete pictures that you do not need, then add it again."
    )
    return Refused("quota.exceeded", words)


def note_admitted(owner_id: int, size: int) -> None:
    """Count a file that was announced or is received anew."""
    if settings.OWNER_BYTES:
        sums.add(owner_id, size)
