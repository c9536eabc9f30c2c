"""Whose turn it is: round robin over owners, then over an owner's batches, imports before re-analysis."""

from django.db import connection, transaction
from django.db.models import Case, Exists, F, OuterRef, When
from django.utils import timezone

from batches import bells
from batches.models import BatchItem, OwnerTurn, UploadBatch
from batches.states import BatchKind, BatchStatus

# One turn is taken at a time; without the lock, in a statement of its own, threads would pick in lockstep.
TURN_LOCK = 0x76_75_65_00_01


def next_batch() -> int | None:
    """Give a turn to the least recently served owner, and among that owner's batches likewise; None: nothing waits."""
    waiting = UploadBatch.objects.filter(
        Exists(BatchItem.objects.filter(batch_id=OuterRef("id"), queue_position__isnull=False)),
        status=BatchStatus.PROCESSING,
    )
    imports_first = Case(When(kind=BatchKind.IMPORT, then=0), default=1)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TURN_LOCK])
        turn = (
            waiting.order_by(
                F("owner__ownerturn__last_served").asc(nulls_first=True),
                F("owner_id"),
                imports_first,
                F("last_served").asc(nulls_first=True),
                F("id"),
            )
            .values_list("id", "owner_id")
            .first()
        )
        if turn is None:
            return None
        batch_id, owner_id = turn
        now = timezone.now()
        UploadBatch.objects.filter(id=batch_id).update(last_served=now)
        if not OwnerTurn.objects.filter(owner_id=owner_id).update(last_served=now):
            OwnerTurn.objects.create(owner_id=owner_id, last_served=now)
    return batch_id


def serve_next(batch_id: int) -> None:
    """Put a batch, and its owner, first in the round."""
    batch = UploadBatch.objects.filter(id=batch_id)
    batch.update(last_served=None)
    OwnerTurn.objects.filter(owner__batches__in=batch).update(last_served=None)
    bells.ring_soon(bells.total_threads())
