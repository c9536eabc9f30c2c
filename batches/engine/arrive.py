"""How files come into a batch: announced, received, refused or known already."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from django.utils import timezone

from batches import bells, events
from batches.engine.announce import batches_stand_otherwise
from batches.engine.errors import BatchClosed
from batches.engine.settle import settle
from batches.models import BatchItem, UploadBatch
from batches.states import BatchKind, BatchStatus, ItemStatus

# What a file may fail of before its bytes are here, so that sending it again is worth while.
MAY_COME_AGAIN = frozenset({"item.abandoned", "storage.full"})


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file as its sender names it. `fingerprint` is 64 hex digits; see `batches.intake.fingerprint`."""

    filename: str
    relative_path: str
    fingerprint: str
    size: int


def open_batch(
    owner_id: int, name: str, *, kind: BatchKind = BatchKind.IMPORT, expected_items: int | None = None
) -> UploadBatch:
    """Make an empty, unsealed batch."""
    batch = UploadBatch.objects.create(owner_id=owner_id, name=name[:200], kind=kind, expected_items=expected_items)
    batches_stand_otherwise([batch.id])
    return batch


def add_item(batch_id: int, file: NewFile) -> tuple[BatchItem, bool]:
    """Announce a file: it is `receiving` until its bytes are here. Returns the row and whether it is new.

    The same fingerprint finds its row again; one that was never sent to its end is received anew. Both that and a new
    file reopen a sealed or completed batch. Raises BatchClosed when the batch is cancelled or gone.
    """
    with transaction.atomic():
        item, created = BatchItem.objects.get_or_create(
            batch_id=batch_id,
            fingerprint=file.fingerprint,
            defaults={
                "filename": file.filename[:255],
                "relative_path": file.relative_path[:1000],
                "size": file.size,
            },
        )
        if created:
            _open_for(batch_id, total=F("total") + 1)
        again = not created and _receive_again(item)
    if created or again:
        events.batch_changed(batch_id)
    return item, created


def _receive_again(item: BatchItem) -> bool:
    """Receive a file anew that failed for no reason of its own, before its bytes were here (failed → receiving)."""
    changed = BatchItem.objects.filter(
        id=item.id, status=ItemStatus.FAILED, upload=None, error_code__in=MAY_COME_AGAIN
    ).update(status=ItemStatus.RECEIVING, error_code="", error_message="", finished_at=None)
    if changed:
        _open_for(item.batch_id, failed=F("failed") - 1)
        item.refresh_from_db()
    return bool(changed)


def _open_for(batch_id: int, **counters: Combinable) -> None:
    """Move counters for a file that is to come; the batch is unsealed and, if it was completed, goes on."""
    now = timezone.now()
    batch = UploadBatch.objects.filter(id=batch_id)
    counted = batch.exclude(status__in=[BatchStatus.CANCELLED, BatchStatus.COMPLETED]).update(
        sealed_at=None, updated_at=now, **counters
    )
    if counted:
        return
    if not batch.filter(status=BatchStatus.COMPLETED).update(
        sealed_at=None, updated_at=now, status=BatchStatus.PROCESSING, completed_at=None, **counters
    ):
        raise BatchClosed
    batches_stand_otherwise([batch_id])


def item_arrived(item_id: int, upload_id: int) -> bool:
    """Queue a file whose bytes are stored (receiving → pending). False when it was not being received any more.

    Raises BatchClosed when the batch was cancelled meanwhile.
    """
    with transaction.atomic():
        changed = BatchItem.objects.filter(id=item_id, status=ItemStatus.RECEIVING).update(
            status=ItemStatus.PENDING, upload_id=upload_id, queue_position=F("id")
        )
        if not changed:
            return False
        batch_id = BatchItem.objects.values_list("batch_id", flat=True).get(id=item_id)
        _start(batch_id)
    events.batch_changed(batch_id)
    bells.ring_soon()
    return True


def _start(batch_id: int) -> None:
    """Let processing begin with the first file that has arrived."""
    now = timezone.now()
    batch = UploadBatch.objects.filter(id=batch_id)
    started = batch.filter(status=BatchStatus.PENDING).update(
        status=BatchStatus.PROCESSING, started_at=Coalesce("started_at", now), updated_at=now
    )
    if started:
        batches_stand_otherwise([batch_id])
    elif not batch.exclude(status=BatchStatus.CANCELLED).update(updated_at=now):
        raise BatchClosed


def item_known(item_id: int, upload_id: int) -> bool:
    """Complete a file whose bytes its owner already has (receiving → completed, marked duplicate)."""
    return _end_receiving(item_id, ItemStatus.COMPLETED, upload_id=upload_id, duplicate=True)


def refuse_item(item_id: int, code: str, message: str) -> bool:
    """Fail a file whose bytes are not kept (receiving → failed); it is counted and never retried."""
    return _end_receiving(item_id, ItemStatus.FAILED, error_code=code, error_message=message[:500])


def _end_receiving(item_id: int, status: ItemStatus, **fields: object) -> bool:
    counter = "successful" if status == ItemStatus.COMPLETED else "failed"
    now = timezone.now()
    with transaction.atomic():
        changed = BatchItem.objects.filter(id=item_id, status=ItemStatus.RECEIVING).update(
            status=status, finished_at=now, **fields
        )
        if not changed:
            return False
        batch_id = BatchItem.objects.values_list("batch_id", flat=True).get(id=item_id)
        UploadBatch.objects.filter(id=batch_id).update(updated_at=now, **{counter: F(counter) + 1})
    settle(batch_id)
    events.batch_changed(batch_id)
    return True


def seal_batch(batch_id: int) -> bool:
    """Declare that no more files come; the batch completes as soon as nothing in it is live. False if it was sealed."""
    sealed = UploadBatch.objects.filter(
        id=batch_id, sealed_at=None, status__in=[BatchStatus.PENDING, BatchStatus.PROCESSING, BatchStatus.PAUSED]
    ).update(sealed_at=timezone.now(), updated_at=timezone.now())
    settle(batch_id)
    events.batch_changed(batch_id)
    return bool(sealed)
