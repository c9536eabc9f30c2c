"""Open, rename and seal a batch."""

from django.utils import timezone

from batches.engine.complete_batch import complete_batches
from batches.messaging import live_events
from batches.models import UploadBatch
from batches.models.batch_name import truncate_name
from batches.models.states import LIVE_BATCHES, BatchKind


def open_batch(
    owner_id: int,
    name: str,
    *,
    kind: BatchKind = BatchKind.IMPORT,
    expected_items: int | None = None,
    guest_link_id: int | None = None,
) -> UploadBatch:
    """Create an empty, unsealed batch. A name that is too long is truncated."""
    batch = UploadBatch.objects.create(
        owner_id=owner_id,
        name=truncate_name(name),
        kind=kind,
        expected_items=expected_items,
        guest_link_id=guest_link_id,
    )
    live_events.notify_batches_changed([batch.id])
    return batch


def rename_batch(batch_id: int, name: str) -> bool:
    """Rename a batch. Return False if the batch does not exist or already has this name.

    The caller must ensure that the name has 1 to 200 characters.
    """
    batch = UploadBatch.objects.filter(id=batch_id)
    owner_id = batch.values_list("owner_id", flat=True).first()
    if owner_id is None or not batch.exclude(name=name).update(name=name):
        return False
    live_events.notify_batch_changed(batch_id)
    live_events.notify_owner_changed(owner_id)
    return True


def seal_batch(batch_id: int) -> bool:
    """Seal a batch: no more files are expected, so it can complete once it has no live items.

    Return False if the batch was already sealed or is not live.
    """
    sealed = UploadBatch.objects.filter(id=batch_id, sealed_at=None, status__in=LIVE_BATCHES).update(
        sealed_at=timezone.now(), updated_at=timezone.now()
    )
    complete_batches(batch_id)
    live_events.notify_batch_changed(batch_id)
    return bool(sealed)
