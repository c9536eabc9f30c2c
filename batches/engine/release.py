"""Release claims: put the claimed items back into the queue without counting a crash."""

from collections.abc import Iterable

from batches.engine.in_flight import Claim
from batches.engine.item_fields import PENDING_FIELDS
from batches.messaging import wake_ups
from batches.models import BatchItem
from batches.models.states import ItemStatus, item_sources


def release_claims(claims: Iterable[Claim]) -> int:
    """Put claimed items back into their batches' queues, at their old positions, and return how many.

    Claims that are no longer valid are ignored.
    """
    processing = BatchItem.objects.filter(status__in=item_sources(ItemStatus.PENDING, ItemStatus.PROCESSING))
    released = 0
    for claim in sorted(claims, key=lambda claim: claim.item_id):
        released += processing.filter(id=claim.item_id, claim=claim.token).update(**PENDING_FIELDS)
    if released:
        wake_ups.notify_workers(released)
    return released
