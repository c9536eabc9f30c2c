"""One slice: a thread works on one batch for about a second, then somebody else has a turn."""

import time

from django.conf import settings

from batches import bells
from batches.engine.claim import claim_item, has_suspects
from batches.engine.hold import hold
from batches.engine.in_hand import hand
from batches.engine.liveness import identity
from batches.engine.work import work_on

ROUND_SECONDS = 1.2
SHORTEST_SECONDS = 0.05


def slice_seconds(waiting_batches: int) -> float:
    """Return how long a slice is: SLICE_SECONDS, and less in a crowd, so that a round takes ROUND_SECONDS."""
    fair = ROUND_SECONDS * bells.total_threads() / max(waiting_batches, 1)
    return min(max(fair, SHORTEST_SECONDS), settings.SLICE_SECONDS)


def work_slice(batch_id: int, seconds: float) -> int:
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
    return identity.id is not None and not hand.stopping and not hold.seconds()


def _take(batch_id: int) -> bool:
    with hand.shared():
        if not may_claim() or identity.id is None:
            return False
        claim = claim_item(batch_id, identity.id)
        if claim is not None:
            work_on(claim)
    return claim is not None


def _take_suspect(batch_id: int) -> bool:
    """Take a file that was in hand when a process died, with nothing beside it that could be harmed."""
    if not has_suspects(batch_id):
        return False
    with hand.alone():
        if not may_claim() or identity.id is None:
            return False
        claim = claim_item(batch_id, identity.id, suspect=True)
        if claim is not None:
            work_on(claim)
    return claim is not None
