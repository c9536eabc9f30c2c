"""Limit an owner's imports and files: how many may be unfinished at a time, and how many may be created per hour.

The quota limits bytes, but an announced file takes up a row before any of its bytes arrive. Like the quota, these
limits are checked in each process without a row lock, and each process counts the hourly limits separately. So an owner
can exceed the limits by the number of files and imports that other processes accept.
"""

import math
import time
from collections.abc import Callable
from threading import Lock

from django.conf import settings
from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import F, Sum
from django.db.models.functions import Coalesce, Greatest

from batches.engine.refusals import FileRefused, Refused
from batches.models import UploadBatch
from batches.models.states import LISTED_KINDS, LIVE_BATCHES, BatchKind

HOUR = 3600.0
FRESH_SECONDS = 1.0
MAX_OWNERS = 10_000


class RateExceeded(FileRefused):
    """The owner has created too many rows in the last hour; `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("rate.exceeded")
        self.retry_after = retry_after


class HourlyRate:
    """A token bucket for each owner. It holds up to `limit()` tokens and gains that many per hour. Thread-safe.

    All buckets are dropped when there would be more than MAX_OWNERS.
    """

    def __init__(self, limit: Callable[[], int], clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._used: dict[int, tuple[float, float]] = {}  # tokens used, and when this number was computed
        self._lock = Lock()

    def take(self, owner_id: int, count: int = 1) -> None:
        """Take `count` tokens from the owner's bucket. Raises RateExceeded if it has fewer."""
        per_second, now = self._limit() / HOUR, self._clock()
        with self._lock:
            if owner_id not in self._used and len(self._used) >= MAX_OWNERS:
                self._used.clear()
            used, at = self._used.get(owner_id, (0.0, now))
            used = max(0.0, used - (now - at) * per_second)
            if used + count > self._limit():
                raise RateExceeded(math.ceil((used + count - self._limit()) / per_second))
            self._used[owner_id] = used + count, now


class UnfinishedFiles:
    """Caches the number of each owner's unfinished files for FRESH_SECONDS."""

    def __init__(self) -> None:
        self._counts: dict[int, tuple[int, float]] = {}

    def count(self, owner_id: int) -> int:
        """Return how many files of the owner's live batches are announced or registered, but not finished."""
        known = self._counts.get(owner_id)
        now = time.monotonic()
        if known is not None and now - known[1] < FRESH_SECONDS:
            return known[0]
        if len(self._counts) >= MAX_OWNERS:
            self._counts.clear()
        count = count_unfinished(owner_id)
        self._counts[owner_id] = count, now
        return count


new_files = HourlyRate(lambda: settings.OWNER_FILES_PER_HOUR)
new_batches = HourlyRate(lambda: settings.OWNER_BATCHES_PER_HOUR)
_unfinished = UnfinishedFiles()


def check_new_batch(owner_id: int, expected_items: int) -> None:
    """Count a new import, or raise Refused (`batch.too_many_open`, `files.too_many_open`) or RateExceeded."""
    live = UploadBatch.objects.filter(owner_id=owner_id, status__in=LIVE_BATCHES)
    if live.filter(kind=BatchKind.IMPORT, sealed_at=None).count() >= settings.OWNER_OPEN_BATCHES:
        raise Refused("batch.too_many_open", limit=intcomma(settings.OWNER_OPEN_BATCHES))
    if count_unfinished(owner_id) + expected_items > settings.OWNER_OPEN_FILES:
        raise _too_many_files()
    new_batches.take(owner_id)


def check_new_file(batch: UploadBatch) -> None:
    """Raise FileRefused (`files.too_many_open`) if the owner has too many unfinished files to add one to this batch."""
    announced = batch.total < (batch.expected_items or 0)
    if _unfinished.count(batch.owner_id) + (0 if announced else 1) > settings.OWNER_OPEN_FILES:
        raise _too_many_files()


def check_announced(owner_id: int, count: int) -> None:
    """Check and count `count` files after they were announced, in the same transaction.

    Raises FileRefused (`files.too_many_open`) or RateExceeded.
    """
    if count_unfinished(owner_id) > settings.OWNER_OPEN_FILES:
        raise _too_many_files()
    new_files.take(owner_id, count)


def count_unfinished(owner_id: int) -> int:
    """Compute how many of the owner's files are unfinished, from the counters of live batches of LISTED_KINDS."""
    live = UploadBatch.objects.filter(owner_id=owner_id, kind__in=LISTED_KINDS, status__in=LIVE_BATCHES)
    finished = F("successful") + F("failed") + F("cancelled")
    announced = Greatest(F("total"), Coalesce(F("expected_items"), 0))
    return live.aggregate(files=Sum(announced - finished))["files"] or 0


def _too_many_files() -> FileRefused:
    return FileRefused("files.too_many_open")
