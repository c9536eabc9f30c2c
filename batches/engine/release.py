"""Putting files in hand back into the queue: nobody is to blame, nothing is counted."""

from collections.abc import Iterable
from typing import Any

from django.db.models import F

from batches.engine.in_flight import Claim
from batches.messaging import wake_ups
from batches.models import BatchItem
from batches.models.states import ItemStatus

# What a row of the queue looks like; every way back to `pending` sets all of it.
PENDING_FIELDS: dict[str, Any] = {
    "status": ItemStatus.PENDING,
    "stage": "",
    "queue_position": F("id"),
    "claim": None,
    "worker": None,
    "claimed_until": None,
}


def release_claims(claims: Iterable[Claim]) -> int:
    """Return claims that are still ours to the front of their queues; returns how many there were."""
    returned = 0
    for claim in sorted(claims, key=lambda claim: claim.item_id):
        returned += BatchItem.objects.filter(id=claim.item_id, status=ItemStatus.PROCESSING, claim=claim.token).update(
            **PENDING_FIELDS
        )
    if returned:
        wake_ups.notify_workers(returned)
    return returned
