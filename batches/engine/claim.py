"""Taking the next file of a batch."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from batches.engine.in_hand import Claim
from batches.models import BatchItem
from batches.states import BatchStatus, ItemStatus


def claim_item(batch_id: int, worker: int, *, suspect: bool = False) -> Claim | None:
    """Claim the first waiting file of a batch that is being processed; None when there is none to be had.

    `suspect` asks for files that were in hand when a process died; only a process with nothing else in hand may ask.
    """
    waiting = BatchItem.objects.filter(
        batch_id=batch_id, queue_position__isnull=False, batch__status=BatchStatus.PROCESSING
    )
    waiting = waiting.filter(deaths__gt=0) if suspect else waiting.filter(deaths=0)
    with transaction.atomic():
        row = (
            waiting.select_for_update(skip_locked=True, of=("self",))
            .order_by("queue_position")
            .values_list("id", "upload_id")
            .first()
        )
        if row is None:
            return None
        token = uuid.uuid4()
        now = timezone.now()
        BatchItem.objects.filter(id=row[0]).update(
            status=ItemStatus.PROCESSING,
            stage="",
            queue_position=None,
            attempts=F("attempts") + 1,
            claim=token,
            worker=worker,
            claimed_until=now + timedelta(seconds=settings.LEASE_SECONDS),
            started_at=now,
        )
    return Claim(row[0], batch_id, token, row[1])


def has_suspects(batch_id: int) -> bool:
    """Tell whether files wait that were in hand when a process died."""
    return BatchItem.objects.filter(batch_id=batch_id, queue_position__isnull=False, deaths__gt=0).exists()
