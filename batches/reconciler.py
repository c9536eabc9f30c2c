"""Puts right what crashes, lost messages and lost servers left behind; runs in every worker process."""

from django.db import connection

from batches.bells import ring_now, total_threads
from batches.engine.abandon import seal_abandoned
from batches.engine.cancel import finish_cancels
from batches.engine.glance import Glance, glance
from batches.engine.reclaim import reclaim
from batches.engine.settle import settle
from batches.engine.slice import Crowd

RECONCILE_LOCK = 0x76_75_65_00_02


def reconcile() -> bool:
    """Do one round: take lost files back, end what is to end, ring for what waits. False: another process is at it.

    Every step is safe to repeat and to run beside itself; the lock only saves work, and ends with its connection.
    """
    seen = glance(total_threads())
    Crowd.waiting_batches = seen.waiting_batches
    if seen.lost_claims or seen.ended_batches or seen.unfinished_cancels or seen.old_batches:
        if not _ask("SELECT pg_try_advisory_lock(%s)"):
            return False
        try:
            _put_right(seen)
        finally:
            _ask("SELECT pg_advisory_unlock(%s)")
        seen = glance(total_threads())
    if seen.waiting:
        ring_now(seen.waiting)
    return True


def _put_right(seen: Glance) -> None:
    if seen.lost_claims:
        reclaim()
    if seen.unfinished_cancels:
        finish_cancels()
    if seen.ended_batches:
        settle()
    if seen.old_batches:
        seal_abandoned()


def _ask(statement: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement, [RECONCILE_LOCK])
        return bool(cursor.fetchone()[0])
