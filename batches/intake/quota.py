"""How much one owner may store: what is stored, what is announced and coming, and what was given up and lies here.

No row counts the bytes: every arrival and deletion would have to write it, in the order of all the others. Each process
sums them up anew at most every ten seconds, by two scans of indexes
alone and a look for the parts of given-up files, and adds what it admits in between. So
an owner can get over the limit by what other processes admit within ten seconds, and never by more.
"""

import math
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock

from django.conf import settings
from django.db.models import Sum
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from batches.engine.incoming import is_resumable
from batches.engine.refusals import Refused
from batches.intake.partial_paths import partial_exists
from batches.models import BatchItem
from batches.models.error_codes import RESUMABLE_CODES
from batches.models.states import LIVE_BATCHES, BatchStatus, ItemStatus
from uploads.models import Upload

FRESH_SECONDS = 10.0
# Somebody who has just made room is not refused by an old sum for long.
RECHECK_SECONDS = 1.0
MOST_OWNERS = 10_000
# The part of a file that was given up is removed so soon after it expired.
SWEPT_WITHIN = timedelta(hours=1)


@dataclass(slots=True)
class _Sum:
    """An owner's bytes: as they were summed up, and what is asked for just now, of which there may be rows or not."""

    lock: Lock = field(default_factory=Lock)
    used: int = 0
    asked: int = 0
    at: float = -math.inf

    @property
    def bytes(self) -> int:
        return self.used + self.asked


class Reservation:
    """Bytes that are held for one file until it is known whether it was taken."""

    admitted = False


class OwnerUsage:
    """The sums of this process, by owner. Safe for threads; bounded by being emptied."""

    def __init__(self) -> None:
        self._sums: dict[int, _Sum] = {}
        self._lock = Lock()

    def used(self, owner_id: int) -> int:
        """Return the owner's bytes as they were at most FRESH_SECONDS ago, and what was taken or asked for since."""
        found = self._of(owner_id)
        with found.lock:
            self._sum_up(owner_id, found, FRESH_SECONDS)
            return found.bytes

    @contextmanager
    def hold(self, owner_id: int, size: int, most: int) -> Iterator[Reservation]:
        """Hold so many bytes for a block, and count them on when it has set `admitted`. Raises Refused.

        Looked and counted under one lock: of two files that come at once the second sees the first.
        """
        found = self._of(owner_id)
        with found.lock:
            self._sum_up(owner_id, found, FRESH_SECONDS)
            if found.bytes + size > most:
                self._sum_up(owner_id, found, RECHECK_SECONDS)
            if found.bytes + size > most:
                raise _refusal(size, found.bytes, most)
            found.asked += size
        room = Reservation()
        try:
            yield room
        finally:
            with found.lock:
                found.asked -= size
                if room.admitted:
                    found.used += size

    def _of(self, owner_id: int) -> _Sum:
        with self._lock:
            if owner_id not in self._sums and len(self._sums) >= MOST_OWNERS:
                self._sums.clear()
            return self._sums.setdefault(owner_id, _Sum())

    def _sum_up(self, owner_id: int, found: _Sum, oldest: float) -> None:
        now = time.monotonic()
        if now - found.at >= oldest:
            found.used, found.at = count_bytes(owner_id), now


usage = OwnerUsage()


def count_bytes(owner_id: int) -> int:
    """Sum up what is stored, what is announced and still coming, and what was given up and has a part still."""
    stored = Upload.objects.filter(owner_id=owner_id).aggregate(bytes=Sum("size"))["bytes"] or 0
    mine = BatchItem.objects.filter(batch__owner_id=owner_id)
    coming = mine.filter(batch__status__in=LIVE_BATCHES, status=ItemStatus.RECEIVING).aggregate(bytes=Sum("size"))
    since = timezone.now() - timedelta(seconds=settings.PARTIAL_SECONDS) - SWEPT_WITHIN
    given_up = mine.filter(
        status=ItemStatus.FAILED, upload=None, error_code__in=RESUMABLE_CODES, finished_at__gt=since
    ).exclude(batch__status=BatchStatus.CANCELLED)
    kept = sum(size for item_id, size in given_up.values_list("id", "size") if partial_exists(item_id))
    return int(stored) + int(coming["bytes"] or 0) + kept


@contextmanager
def reserve(owner_id: int, size: int) -> Iterator[Reservation]:
    """Hold room for a file of so many bytes while it is announced; set `admitted` when it was taken.

    Raises Refused (`quota.exceeded`). No query where no quota is set.
    """
    if not settings.OWNER_BYTES:
        yield Reservation()
        return
    with usage.hold(owner_id, size, settings.OWNER_BYTES) as room:
        yield room


def reserve_to_resume(item: BatchItem, owner_id: int) -> AbstractContextManager[Reservation]:
    """As `room_for`, for a file that was given up: what has a part still is counted already."""
    return reserve(owner_id, 0 if is_resumable(item) and partial_exists(item.id) else item.size)


def _refusal(size: int, used: int, most: int) -> Refused:
    words = (
        f"The file is {filesizeformat(size)} large; {filesizeformat(used)} of the {filesizeformat(most)} that you may "
        "store are used or on their way. Delete pictures that you do not need, then add it again."
    )
    return Refused("quota.exceeded", words)
