"""Limit the bytes that one owner may use: stored files, files being received, and partial files of abandoned items.

The total is not kept in a database row, because every upload and deletion would have to wait for a lock on that row.
Instead, each process caches the total, adds the files that it accepts, and recomputes the total from the database when
the total is ten seconds old. Before refusing a file, it recomputes a total that is more than one second old. So an
owner can exceed the limit only by the files that other processes accept within those ten seconds.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock

from django.conf import settings
from django.core.files.storage import FileSystemStorage, default_storage
from django.db.models import Sum
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from batches.engine.refusals import FileRefused
from batches.intake.disk_space import free_space
from batches.intake.partial_paths import partial_exists
from batches.models import BatchItem
from batches.models.error_codes import RESUMABLE_CODES
from batches.models.states import LIVE_BATCHES, BatchStatus, ItemResult, ItemStatus
from uploads.models import Upload

FRESH_SECONDS = 10.0
# Before a file is refused, a total older than this is recomputed, because a deletion may have freed space.
RECHECK_SECONDS = 1.0
MAX_OWNERS = 10_000
# The cleanup removes an expired partial file within this time.
CLEANUP_DELAY = timedelta(hours=1)


@dataclass(slots=True)
class _Usage:
    """The bytes that one owner uses. `used` is the total at `computed_at` plus the files accepted since then.

    `reserved` is the sum of the reservations whose `with` block has not ended.
    """

    lock: Lock = field(default_factory=Lock)
    used: int = 0
    reserved: int = 0
    computed_at: float = -math.inf

    @property
    def total(self) -> int:
        return self.used + self.reserved


@dataclass(slots=True)
class Reservation:
    """Bytes reserved for one file. The caller sets `confirmed` once the file's item is `receiving`."""

    confirmed: bool = False


class OwnerUsage:
    """This process's cache of each owner's usage. Thread-safe; cleared when it would exceed MAX_OWNERS owners."""

    def __init__(self) -> None:
        self._by_owner: dict[int, _Usage] = {}
        self._lock = Lock()

    def used(self, owner_id: int) -> int:
        """Return the owner's total, at most FRESH_SECONDS old, plus the bytes accepted or reserved since then."""
        usage = self._get(owner_id)
        with usage.lock:
            self._refresh(owner_id, usage, FRESH_SECONDS)
            return usage.total

    @contextmanager
    def reserve(self, owner_id: int, size: int) -> Iterator[Reservation]:
        """Reserve `size` bytes during a `with` block, and keep them counted afterwards if the block sets `confirmed`.

        Checking and reserving happen under one lock, so two requests of a process cannot both take the last free bytes.
        Runs no query if no quota is set. Raises FileRefused (`quota.exceeded`).
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
    """Return the bytes of an owner's uploads and sidecars, of items being received, and of kept partial files."""
    stored = Upload.objects.filter(owner_id=owner_id).aggregate(bytes=Sum("size"))["bytes"] or 0
    items = BatchItem.objects.filter(batch__owner_id=owner_id)
    receiving = items.filter(batch__status__in=LIVE_BATCHES, status=ItemStatus.RECEIVING).aggregate(bytes=Sum("size"))
    sidecars = items.filter(result=ItemResult.SIDECAR).aggregate(bytes=Sum("size"))
    kept = sum(size for item_id, size in stopped_uploads(owner_id) if partial_exists(item_id))
    return int(stored) + int(sidecars["bytes"] or 0) + int(receiving["bytes"] or 0) + kept


def free_bytes(owner_id: int) -> int | None:
    """Return how many more bytes the quota and the disk allow the owner to store, or None if nothing limits them."""
    limits = []
    if settings.OWNER_BYTES:
        limits.append(settings.OWNER_BYTES - usage.used(owner_id))
    if isinstance(default_storage, FileSystemStorage):
        limits.append(free_space())
    return max(0, min(limits)) if limits else None


def stopped_uploads(owner_id: int) -> Iterator[tuple[int, int]]:
    """Yield the id and size of each item whose upload stopped but can be resumed, so a partial file may exist."""
    since = timezone.now() - timedelta(seconds=settings.PARTIAL_SECONDS) - CLEANUP_DELAY
    stopped = BatchItem.objects.filter(batch__owner_id=owner_id, finished_at__gt=since)
    items = stopped.exclude(batch__status=BatchStatus.CANCELLED).values_list("id", "size")
    # Use two queries: the first one needs only the index `item_abandoned`, whereas one query with OR would also read
    # the table.
    yield from items.filter(status=ItemStatus.MISSING)
    yield from items.filter(status=ItemStatus.FAILED, upload=None, error_code__in=RESUMABLE_CODES)


def _exceeded(size: int, used: int, limit: int) -> FileRefused:
    sizes = {"size": filesizeformat(size), "used": filesizeformat(used), "limit": filesizeformat(limit)}
    return FileRefused("quota.exceeded", **sizes)
