"""Once a day, delete the rows of expired sessions, old sign-ins and workers that ended long ago."""

import time
from datetime import timedelta
from typing import Any

from axes.models import AccessLog
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from batches.engine.prune_workers import prune_workers

INTERVAL_SECONDS = 24 * 3600.0
CHUNK = 1000
MAX_AGE = timedelta(days=90)
"""How long the rows of sign-ins and ended workers are kept."""


class Schedule:
    """When pruning is next due in this process, as a time.monotonic() value."""

    next_run = 0.0


def prune_daily() -> None:
    """Delete one chunk of rows if pruning is due. If no rows are left to delete, pruning is due again in a day."""
    if time.monotonic() >= Schedule.next_run and not prune_rows():
        Schedule.next_run = time.monotonic() + INTERVAL_SECONDS


def prune_rows() -> int:
    """Delete up to CHUNK rows of each kind and return how many were deleted."""
    now = timezone.now()
    expired = Session.objects.filter(expire_date__lt=now).order_by("expire_date")
    old = AccessLog.objects.filter(attempt_time__lt=now - MAX_AGE).order_by("id")
    return _delete_chunk(expired) + _delete_chunk(old) + prune_workers(MAX_AGE, CHUNK)


def _delete_chunk(rows: QuerySet[Any]) -> int:
    """Delete up to CHUNK of `rows` and return how many were deleted.

    The rows are locked first, so that concurrent processes delete different rows and a session that is being extended
    at that moment is kept.
    """
    with transaction.atomic():
        ids = list(rows.select_for_update(skip_locked=True).values_list("pk", flat=True)[:CHUNK])
        return rows.filter(pk__in=ids).delete()[0]
