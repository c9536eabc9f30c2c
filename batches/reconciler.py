"""Puts right what crashes, lost messages and lost servers left behind; runs in every worker process."""

import logging

from django.db import connection

from batches.bells import ring_now, total_threads
from batches.engine.abandon import seal_abandoned
from batches.engine.cancel import finish_cancels
from batches.engine.reclaim import reclaim
from batches.engine.settle import settle
from batches.models import BatchItem, UploadBatch
from batches.states import BatchStatus

logger = logging.getLogger(__name__)

RECONCILE_LOCK = 0x76_75_65_00_02


def reconcile() -> bool:
    """Do one round: take lost files back, end what is to end, ring for what waits. False: another process is at it.

    Every step is safe to repeat and to run beside itself; the lock only saves work, and ends with its connection.
    """
    if not _ask("SELECT pg_try_advisory_lock(%s)"):
        return False
    try:
        reclaim()
        finish_cancels()
        settle()
        seal_abandoned()
    finally:
        _ask("SELECT pg_advisory_unlock(%s)")
    waiting = count_waiting(total_threads())
    if waiting:
        ring_now(waiting)
    return True


def _ask(statement: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement, [RECONCILE_LOCK])
        return bool(cursor.fetchone()[0])


def count_waiting(most: int) -> int:
    """Return how many files of batches in processing wait, counted up to `most`."""
    running = UploadBatch.objects.filter(status=BatchStatus.PROCESSING).values("id")
    return BatchItem.objects.filter(batch_id__in=running, queue_position__isnull=False)[:most].count()
