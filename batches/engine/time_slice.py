"""Work on one batch for about a second, then let the scheduler choose again."""

import time

from django.conf import settings

from batches.engine.circuit_breaker import breaker
from batches.engine.claim import claim_item, has_quarantined
from batches.engine.in_flight import in_flight
from batches.engine.liveness import identity
from batches.engine.runner import run_job
from batches.messaging import wake_ups

ROUND_SECONDS = 1.2
MIN_SECONDS = 0.05


def time_slice_seconds(waiting_batches: int) -> float:
    """Return TIME_SLICE_SECONDS, or less if many batches wait, so that a round over all takes ROUND_SECONDS."""
    fair = ROUND_SECONDS * wake_ups.total_threads() / max(waiting_batches, 1)
    return min(max(fair, MIN_SECONDS), settings.TIME_SLICE_SECONDS)


def run_time_slice(batch_id: int, seconds: float) -> int:
    """Process items of a batch for `seconds`, or until none is pending; return how many.

    A started item is not interrupted at the end of the slice.
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
    """Return whether this process holds its worker lock, is not stopping, and its circuit breaker is closed."""
    return identity.id is not None and not in_flight.stopping and not breaker.seconds_open()


def _process_next(batch_id: int) -> bool:
    with in_flight.shared():
        return _claim_and_run(batch_id)


def _process_quarantined(batch_id: int) -> bool:
    """Process a quarantined item, which may crash the process, while no other job runs."""
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
