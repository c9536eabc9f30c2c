"""Limit how much one owner may store: stored files, registered files still to come, and kept partial files.

The sum is not kept in a row, because every upload and deletion would have to wait to update it. Each process computes
it at most every ten seconds, by two index scans and a check for the partial files of abandoned items, and adds what it
admits in between. So an owner can exceed the limit only by what other processes admit within ten seconds.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock

from django.conf import settings
from django.db.models import Sum
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from batches.engine.refusals import Refused
from batches.intake.partial_paths import partial_exists
from batches.models import BatchItem
from batches.models.error_codes import RESUMABLE_CODES
from batches.models.states import LIVE_BATCHES, BatchStatus, ItemStatus
from uploads.models import Upload

FRESH_SECONDS = 10.0
# Before a file is refused, an older sum is computed again: a deletion may have freed space.
RECHECK_SECONDS = 1.0
MAX_OWNERS = 10_000
# The cleanup removes an expired partial file within this time.
CLEANUP_DELAY = timedelta(hours=1)


@dataclass(slots=True)
class _Usage:
    """One owner's bytes: the sum at `computed_at`, later admissions included, and the open reservations."""

    lock: Lock = field(default_factory=Lock)
    used: int = 0
    reserved: int = 0
    computed_at: float = -math.inf

    @property
    def total(self) -> int:
        return self.used + self.reserved


@dataclass(slots=True)
class Reservation:
    """Bytes reserved for one file. Set `confirmed` once its item expects them."""

    confirmed: bool = False


class OwnerUsage:
    """The usage of all owners as this process knows it. Thread-safe; emptied when it holds MAX_OWNERS."""

    def __init__(self) -> None:
        self._by_owner: dict[int, _Usage] = {}
        self._lock = Lock()

    def used(self, owner_id: int) -> int:
        """Return the owner's bytes: a sum at most FRESH_SECONDS old, plus what was admitted or reserved since."""
        usage = self._get(owner_id)
        with usage.lock:
            self._refresh(owner_id, usage, FRESH_SECONDS)
            return usage.total

    @contextmanager
    def reserve(self, owner_id: int, size: int) -> Iterator[Reservation]:
        """Reserve `size` bytes for a block; they stay counted if it sets `confirmed`. Raises Refused (quota.exceeded).

        Checked and counted under one lock, so of two files at the same time the second one sees the first. No query if
        no quota is set.
        """
        reservation = Reservation()
        limit = settings.OWNER_BYTES
        if not limit:
            yield reservation
            return
        usage = self._get(owner_id)
        with usage.lock:
            self._refresh(owner_id, usage, FRESH_SECONDS)
            if usage.total + size > limit:
                self._refresh(owner_id, usage, RECHECK_SECONDS)
            if usage.total + size > limit:
                raise _exceeded(size, usage.total, limit)
            usage.reserved += size
        try:
            yield reservation
        finally:
            with usage.lock:
                usage.reserved -= size
                if reservation.confirmed:
                    usage.used += size

    def _get(self, owner_id: int) -> _Usage:
        with self._lock:
            if owner_id not in self._by_owner and len(self._by_owner) >= MAX_OWNERS:
                self._by_owner.clear()
            return self._by_owner.setdefault(owner_id, _Usage())

    def _refresh(self, owner_id: int, usage: _Usage, max_age: float) -> None:
        now = time.monotonic()
        if now - usage.computed_at >= max_age:
            usage.used, usage.computed_at = count_bytes(owner_id), now


usage = OwnerUsage()


def count_bytes(owner_id: int) -> int:
    """Sum up an owner's stored bytes, registered bytes still to come, and abandoned files with a partial file."""
    stored = Upload.objects.filter(owner_id=owner_id).aggregate(bytes=Sum("size"))["bytes"] or 0
    items = BatchItem.objects.filter(batch__owner_id=owner_id)
    receiving = items.filter(batch__status__in=LIVE_BATCHES, status=ItemStatus.RECEIVING).aggregate(bytes=Sum("size"))
    since = timezone.now() - timedelta(seconds=settings.PARTIAL_SECONDS) - CLEANUP_DELAY
    abandoned = items.filter(
        status=ItemStatus.FAILED, upload=None, error_code__in=RESUMABLE_CODES, finished_at__gt=since
    ).exclude(batch__status=BatchStatus.CANCELLED)
    kept = sum(size for item_id, size in abandoned.values_list("id", "size") if partial_exists(item_id))
    return int(stored) + int(receiving["bytes"] or 0) + kept


def _exceeded(size: int, used: int, limit: int) -> Refused:
    message = (
        f"The file has {filesizeformat(size)}, but {filesizeformat(used)} of your {filesizeformat(limit)} are already "
        "used or reserved for running uploads. Delete pictures that you no longer need, then add it again."
    )
    return Refused("quota.exceeded", message)
