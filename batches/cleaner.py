"""Brings deletions to their end: rows of deleted batches, files of deleted pictures. Runs in every worker process.

On a thread of its own: a large deletion takes minutes, and recovery must not wait for it. Every step may be cut off
anywhere, and run beside itself. Once a day it also deletes rows that nobody asks for any more.
"""

import time
from datetime import timedelta
from typing import Any

from axes.models import AccessLog
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from batches.engine.delete import batches_to_delete, delete_step, end_deletion
from batches.engine.retire import forget_workers
from batches.intake.dropping import drop_part
from uploads.burial import bury_due

TIDY_SECONDS = 24 * 3600.0
CHUNK = 1000
KEPT = timedelta(days=90)
"""So long it stays known who signed in, and which worker processes there were."""


class Tidying:
    """When this process tidies next, on the monotonic clock."""

    due = 0.0


def clean() -> None:
    """Work until nothing is left that is due. Where nothing is, two looks into small indexes are all of it."""
    for batch_id in batches_to_delete():
        _delete(batch_id)
    while bury_due():
        pass
    # What is left of a long time waits for the next rounds: the deletions of people go first.
    if time.monotonic() >= Tidying.due and not tidy():
        Tidying.due = time.monotonic() + TIDY_SECONDS


def tidy() -> int:
    """Delete CHUNK old rows of each kind, of which each is of no use any more; returns how many there were."""
    now = timezone.now()
    ended = Session.objects.filter(expire_date__lt=now).order_by("expire_date")
    old = AccessLog.objects.filter(attempt_time__lt=now - KEPT).order_by("id")
    return _forget(ended) + _forget(old) + forget_workers(KEPT, CHUNK)


def _forget(rows: QuerySet[Any]) -> int:
    """Locked first: processes that tidy beside each other take different rows, and no session is just prolonged."""
    with transaction.atomic():
        ids = list(rows.select_for_update(skip_locked=True).values_list("pk", flat=True)[:CHUNK])
        return rows.filter(pk__in=ids).delete()[0]


def _delete(batch_id: int) -> None:
    """Delete what is left of a batch; meanwhile files go too, so that a full disk has room soon."""
    while True:
        items, cut_off = delete_step(batch_id)
        for item_id in cut_off:
            drop_part(item_id)
        if not items:
            break
        bury_due()
    end_deletion(batch_id)
