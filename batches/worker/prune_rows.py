"""Deletes rows that nobody asks for any more, once a day: ended sessions, old sign-ins, workers of long ago."""

import time
from datetime import timedelta
from typing import Any

from axes.models import AccessLog
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from batches.engine.prune_workers import prune_workers

TIDY_SECONDS = 24 * 3600.0
CHUNK = 1000
KEPT = timedelta(days=90)
"""So long it stays known who signed in, and which worker processes there were."""


class Tidying:
    """When this process tidies next, on the monotonic clock."""

    due = 0.0


def prune_daily() -> None:
    """Tidy once a day; what is left of a long time waits for the next calls."""
    if time.monotonic() >= Tidying.due and not prune_old_rows():
        Tidying.due = time.monotonic() + TIDY_SECONDS


def prune_old_rows() -> int:
    """Delete CHUNK old rows of each kind, of which each is of no use any more; returns how many there were."""
    now = timezone.now()
    ended = Session.objects.filter(expire_date__lt=now).order_by("expire_date")
    old = AccessLog.objects.filter(attempt_time__lt=now - KEPT).order_by("id")
    return _forget(ended) + _forget(old) + prune_workers(KEPT, CHUNK)


def _forget(rows: QuerySet[Any]) -> int:
    """Locked first: processes that tidy beside each other take different rows, and no session is just prolonged."""
    with transaction.atomic():
        ids = list(rows.select_for_update(skip_locked=True).values_list("pk", flat=True)[:CHUNK])
        return rows.filter(pk__in=ids).delete()[0]
