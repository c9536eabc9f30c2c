"""Stop waiting for files that a client announced or started to send, but never sent completely."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from batches.engine.chunks import items_after
from batches.engine.complete_batch import complete_batches
from batches.engine.item_fields import FINISHED_FIELDS
from batches.engine.lifecycle import seal_batch
from batches.engine.transitions import move_items
from batches.messaging import live_events
from batches.models import BatchItem, UploadBatch
from batches.models.states import LIVE_BATCHES, ItemStatus

CHUNK = 1000


def expire_batches() -> int:
    """Seal batches that are waiting for files but have been inactive for EXPIRY_SECONDS; return how many expired.

    A batch waits for files while it is unsealed or has a `receiving` item. When it expires, its receiving items become
    missing; their partial files are kept and expire later. If the client continues to send one of these files, the
    upload resumes where it stopped, and the batch is reopened.
    """
    since = timezone.now() - timedelta(seconds=settings.EXPIRY_SECONDS)
    receiving = Exists(BatchItem.objects.filter(batch_id=OuterRef("id"), status=ItemStatus.RECEIVING))
    idle = UploadBatch.objects.filter(updated_at__lt=since, status__in=LIVE_BATCHES)
    expired = 0
    for batch_id in list(idle.filter(Q(sealed_at=None) | receiving).values_list("id", flat=True)):
        now = timezone.now()
        # The UPDATE checks `updated_at` again, because the client may have resumed sending since the query.
        if UploadBatch.objects.filter(id=batch_id, updated_at__lt=since).update(sealed_at=now, updated_at=now):
            _abandon_receiving(batch_id, now)
            complete_batches(batch_id)
            expired += 1
    return expired


def finish_without_missing(batch_id: int) -> bool:
    """Seal a batch. Its receiving items become missing.

    Return False if nothing changed, because the batch was already sealed (or finished) and had no receiving items.
    """
    abandoned = _abandon_receiving(batch_id, timezone.now())
    return seal_batch(batch_id) or bool(abandoned)


def _abandon_receiving(batch_id: int, registered_before: datetime) -> int:
    """Mark the receiving items created before `registered_before` as missing, in chunks; return how many changed."""
    abandoned = last = 0
    while ids := _abandon_chunk(batch_id, registered_before, last):
        abandoned += len(ids)
        last = ids[-1]
        live_events.notify_batch_changed(batch_id)
    return abandoned


def _abandon_chunk(batch_id: int, registered_before: datetime, after: int) -> list[int]:
    """Mark up to CHUNK receiving items with an id greater than `after` as missing; return their ids.

    The caller must then check whether the batch is complete.
    """
    receiving = BatchItem.objects.filter(status=ItemStatus.RECEIVING, created_at__lt=registered_before)
    with transaction.atomic():
        ids = list(items_after(receiving.select_for_update(), batch_id, after).values_list("id", flat=True)[:CHUNK])
        if ids:
            move_items(BatchItem.objects.filter(id__in=ids), ItemStatus.MISSING, **FINISHED_FIELDS)
            batch = UploadBatch.all_objects.filter(id=batch_id)
            batch.update(missing=F("missing") + len(ids), updated_at=timezone.now())
    return ids
