"""One slice: a thread works on one batch for about a second, then somebody else has a turn."""

import time

from django.conf import settings

from batches.engine.circuit_breaker import breaker
from batches.engine.claim import claim_item, has_quarantined
from batches.engine.in_flight import in_flight
from batches.engine.liveness import identity
from batches.engine.runner import run_job
from batches.messaging import wake_ups

ROUND_SECONDS = 1.2
SHORTEST_SECONDS = 0.05


def time_slice_seconds(waiting_batches: int) -> float:
    """Return how long a slice is: TIME_SLICE_SECONDS, and less in a crowd, so that a round takes ROUND_SECONDS."""
    fair = ROUND_SECONDS * wake_ups.total_threads() / max(waiting_batches, 1)
    return min(max(fair, SHORTEST_SECONDS), settings.TIME_SLICE_SECONDS)


def run_time_slice(batch_id: int, seconds: float) -> int:
    """Work on the files of a batch until the slice is over or none is left; returns how many were taken.

    A file that was begun is brought to its end, however long it takes.
    """
    end = time.monotonic() + seconds
    taken = 0
    while may_claim():
        if not _take(batch_id):
            taken += _take_suspect(batch_id)
            break
        taken += 1
        if time.monotonic() >= end:
            break
    return taken


def may_claim() -> bool:
    """Whether this process is known to live, is not stopping and waits for nothing outside."""
    return identity.id is not None and not in_flight.stopping and not breaker.seconds_open()


def _take(batch_id: int) -> bool:
    with in_flight.shared():
        if not may_claim() or identity.id is None:
            return False
        claim = claim_item(batch_id, identity.id)
        if claim is not None:
            run_job(claim)
    return claim is not None


def _take_suspect(batch_id: int) -> bool:
    """Take a file that was in hand when a process died, with nothing beside it that could be harmed."""
    if not has_quarantined(batch_id):
        return False
    with in_flight.exclusive():
        if not may_claim() or identity.id is None:
            return False
        claim = claim_item(batch_id, identity.id, quarantined=True)
        if claim is not None:
            run_job(claim)
    return claim is not None
