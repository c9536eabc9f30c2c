"""Decide which originals are checked next: first those never checked, then those checked longest ago.

A check sets `verified_at`, so no other progress has to be stored, and an interruption loses at most one check. The
number of bytes read in the last 24 hours is the total size of the files checked in that time.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet, Sum
from django.utils import timezone

from uploads.errors import EnvironmentalError
from uploads.models import DamageReason, Upload
from uploads.outage_log import OutageLog
from uploads.verification.check import find_damage, record_check

logger = logging.getLogger(__name__)

CHUNK = 100
FIRST_CHECK_AFTER = timedelta(days=1)
"""Soon after a file is written, reading it would only test the copy in memory, not the disk."""
CHECK_INTERVAL = timedelta(days=30)
VERIFICATION_LOCK = 0x76657269
"""The advisory lock of the process that verifies in the background."""

storage_outage = OutageLog(
    logger,
    "Stored files cannot be verified, because the storage is unavailable: %s",
    "The storage is available again: stored files are being verified.",
)


@dataclass(frozen=True, slots=True)
class Check:
    """A checked upload, and what is wrong with its original."""

    upload: Upload
    reason: DamageReason | None


def verify_in_background() -> None:
    """Check the files that are due until the budget of the last 24 hours is used up or the permitted hours end.

    Only one process does this at a time. The lock belongs to the session, so it ends with the process.
    """
    if not settings.VERIFY_BYTES_PER_DAY or not _is_permitted_hour():
        return
    with _background_lock() as locked:
        if not locked:
            return
        try:
            for _check in verify_due(settings.VERIFY_BYTES_PER_DAY - bytes_checked_today()):
                if not _is_permitted_hour():
                    break
        except EnvironmentalError as error:
            storage_outage.report(error)
        else:
            storage_outage.report(None)


def verify_due(budget: int) -> Iterator[Check]:
    """Check the files that are due, up to `budget` bytes. Raises EnvironmentalError if the storage is unavailable."""
    now = timezone.now()
    return verify(Upload.objects.all(), budget, now - FIRST_CHECK_AFTER, now - CHECK_INTERVAL)


def verify(
    rows: QuerySet[Upload], budget: float, created_before: datetime, verified_before: datetime
) -> Iterator[Check]:
    """Check the uploads in `rows` until `budget` bytes are read; the last file may exceed it. Yield recorded checks.

    Files created or verified later than the given times are left out. Raises EnvironmentalError.
    """
    while budget > 0 and (found := _next_uploads(rows, created_before, verified_before)):
        for upload in found:
            if budget <= 0:
                return
            check = Check(upload, find_damage(upload))
            budget -= upload.size
            if record_check(upload, check.reason):
                yield check


def bytes_checked_today() -> int:
    """Return the total size of the files that were checked in the last 24 hours."""
    recent = Upload.objects.filter(verified_at__gt=timezone.now() - timedelta(days=1))
    return int(recent.aggregate(total=Sum("size"))["total"] or 0)


def _next_uploads(rows: QuerySet[Upload], created_before: datetime, verified_before: datetime) -> list[Upload]:
    rows = rows.only("owner_id", "key", "sha256", "size", "filename", "created_at", "verified_at")
    # Ids increase with the time of creation, so all rows after one that is too new are too new as well. Ordering
    # by `id` alone might make the planner scan the primary key past all verified rows.
    unchecked = rows.filter(verified_at=None).order_by("verified_at", "id")[:CHUNK]
    due = list(takewhile(lambda upload: upload.created_at < created_before, unchecked))
    return due or list(rows.filter(verified_at__lt=verified_before).order_by("verified_at", "id")[:CHUNK])


def _is_permitted_hour() -> bool:
    if settings.VERIFY_HOURS is None:
        return True
    start, end = settings.VERIFY_HOURS
    hour = timezone.localtime().hour
    return start <= hour < end if start < end else hour >= start or hour < end


@contextmanager
def _background_lock() -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [VERIFICATION_LOCK])
        locked = cursor.fetchone() == (True,)
        try:
            yield locked
        finally:
            if locked:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [VERIFICATION_LOCK])
