"""Process items of one batch for a limited time, after which the scheduler chooses the next batch."""

import time

from django.conf import settings

from batches.engine.circuit_breaker import breaker
from batches.engine.claim import claim_item, has_quarantined
from batches.engine.cpu_slots import saturated
from batches.engine.in_flight import in_flight
from batches.engine.liveness import identity
from batches.engine.runner import run_job
from batches.messaging import wake_ups

ROUND_SECONDS = 1.2
MIN_SECONDS = 0.05


def time_slice_seconds(waiting_batches: int) -> float:
    """Return the length of a time slice: TIME_SLICE_SECONDS, or less if many batches are waiting.

    With many batches, it is shortened so that all threads together give each waiting batch one slice within
    ROUND_SECONDS. It is never shorter than MIN_SECONDS.
    """
    fair = ROUND_SECONDS * wake_ups.total_threads() / max(waiting_batches, 1)
    return min(max(fair, MIN_SECONDS), settings.TIME_SLICE_SECONDS)


def run_time_slice(batch_id: int, seconds: float) -> int:
    """Process items of a batch until `seconds` have passed or no item can be claimed; return how many were processed.

    The last item may run past the end of the time slice. If no other item can be claimed, process one quarantined item.
    """
    end = time.monotonic() + seconds
    processed = 0
    while may_claim():
        if not _process_next(batch_id):
            processed += _process_quarantined(batch_id)
            break
        processed += 1
        if time.monotonic() >= end:
            break
    return processed


def may_claim() -> bool:
    """Return whether this process may claim an item.

    It must hold its worker lock, must not be stopping or backing off from an outage, and must not be `saturated`.
    """
    return identity.id is not None and not in_flight.stopping and not breaker.seconds_open() and not saturated()


def _process_next(batch_id: int) -> bool:
    with in_flight.shared():
        return _claim_and_run(batch_id)


def _process_quarantined(batch_id: int) -> bool:
    """Process a quarantined item while this process runs no other job, because it may crash the process."""
    if not has_quarantined(batch_id):
        return False
    with in_flight.exclusive():
        return _claim_and_run(batch_id, quarantined=True)


def _claim_and_run(batch_id: int, *, quarantined: bool = False) -> bool:
    if not may_claim() or identity.id is None:
        return False
    claim = claim_item(batch_id, identity.id, quarantined=quarantined)
    if claim is not None:
        run_job(claim)
    return claim is not None
