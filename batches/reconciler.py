"""Puts right what crashes, lost messages and lost servers left behind; runs in every worker process."""

from batches.bells import ring_now, total_threads
from batches.engine.abandon import seal_abandoned
from batches.engine.cancel import finish_cancels
from batches.engine.glance import Glance, glance
from batches.engine.hold import hold
from batches.engine.in_hand import hand
from batches.engine.reclaim import reclaim
from batches.engine.settle import settle


def reconcile() -> None:
    """Do one round: take lost files back, end what is to end, ring for what waits.

    Every step is safe to repeat and to run beside itself, so no lock is taken: a process that is stopped in the middle
    (by a debugger, or a frozen machine) would keep it, and with it everybody else's recovery.
    """
    seen = glance(total_threads())
    if seen.lost_claims or seen.ended_batches or seen.unfinished_cancels or seen.old_batches:
        _put_right(seen)
        seen = glance(total_threads())
    if seen.waiting:
        ring_now(seen.waiting)
    elif not hand.all() and not hand.lost():
        # No file waits, or is being tried, that could show whether what was away is back.
        hold.passed()


def _put_right(seen: Glance) -> None:
    if seen.lost_claims:
        reclaim()
    if seen.unfinished_cancels:
        finish_cancels()
    if seen.ended_batches:
        settle()
    if seen.old_batches:
        seal_abandoned()
