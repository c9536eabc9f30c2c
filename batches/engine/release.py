"""Release claims: put the claimed items back into the queue without counting a crash."""

from collections.abc import Iterable

from batches.engine.in_flight import Claim
from batches.engine.item_fields import PENDING_FIELDS
from batches.engine.transitions import move_items
from batches.messaging import wake_ups
from batches.models import BatchItem
from batches.models.states import ItemStatus


def release_claims(claims: Iterable[Claim]) -> int:
    """Put claimed items back into their batches' queues, at their old positions.

    Claims that are no longer valid are ignored. Return how many items were put back.
    """
    released = 0
    for claim in sorted(claims, key=lambda claim: claim.item_id):
        item = BatchItem.objects.filter(id=claim.item_id, claim=claim.token)
        released += move_items(item, ItemStatus.PENDING, ItemStatus.PROCESSING, **PENDING_FIELDS)
    if released:
        wake_ups.notify_workers(released)
    return released
