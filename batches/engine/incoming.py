"""How files come into a batch: announced, received, refused or known already."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.db.models.expressions import Combinable
from django.utils import timezone

from batches.engine import incoming_sql
from batches.engine.complete import complete_batches
from batches.engine.refusals import BatchClosed
from batches.messaging import live_events, wake_ups
from batches.messaging.live_events import notify_batches_changed
from batches.models import BatchItem, UploadBatch
from batches.models.error_codes import RESENDABLE_CODES, RESUMABLE_CODES, default_message
from batches.models.states import BatchStatus, ItemStatus
from uploads.text import storable


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file as its sender names it. `fingerprint` is 64 hex digits; see `batches.intake.file_name`."""

    filename: str
    relative_path: str
    fingerprint: str
    size: int


def register_item(batch_id: int, file: NewFile, first: Callable[[int], None] | None = None) -> tuple[BatchItem, bool]:
    """Announce a file: it is `receiving` until its bytes are here. Returns the row and whether it was not so before.

    The same fingerprint finds its row again; one that was never sent to its end is received anew. Both that and a new
    file reopen a sealed or completed batch. `first` is called with the number of a new row while nobody else can see
    it; what it raises undoes the row. Raises BatchClosed when the batch is cancelled or gone.
    """
    with transaction.atomic():
        added = incoming_sql.insert(
            batch_id, file.filename[:255], file.relative_path[:1000], file.fingerprint, file.size
        )
        if added is not None and first is not None:
            first(added.id)
        item = added or BatchItem.objects.get(batch_id=batch_id, fingerprint=file.fingerprint)
        begun = added is not None or reopen_item(item)
    if begun:
        live_events.notify_batch_changed(batch_id)
    return item, begun


def is_resumable(item: BatchItem) -> bool:
    """Whether the file failed only because its bytes did not come: they may still."""
    return item.status == ItemStatus.FAILED and item.upload_id is None and item.error_code in RESUMABLE_CODES


def is_resendable(item: BatchItem) -> bool:
    """Whether announcing the file once more receives it anew."""
    return item.status == ItemStatus.FAILED and item.upload_id is None and item.error_code in RESENDABLE_CODES


def reopen_item(item: BatchItem) -> bool:
    """Receive a file anew that failed for no reason of its own, before its bytes were here (failed → receiving).

    Reopens the batch. The row that was given is up to date afterwards. Raises BatchClosed.
    """
    if not is_resendable(item):
        return False
    with transaction.atomic():
        changed = BatchItem.objects.filter(
            id=item.id, status=ItemStatus.FAILED, upload=None, error_code__in=RESENDABLE_CODES
        ).update(status=ItemStatus.RECEIVING, error_code="", error_message="", finished_at=None, dismissed_at=None)
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
    notify_batches_changed([batch_id])


def queue_item(item_id: int, upload_id: int, *, new: bool = False) -> bool:
    """Queue a file whose bytes are stored (receiving → pending). False when it was not being received any more.

    `new`: the transaction around has inserted the upload. Raises BatchClosed when the batch was cancelled meanwhile,
    and IntegrityError when the upload was deleted.
    """
    queued = incoming_sql.queue(item_id, upload_id, new=new)
    if queued is None:
        return False
    batch_id, began = queued
    if began:
        notify_batches_changed([batch_id])
    live_events.notify_batch_changed(batch_id)
    wake_ups.notify_workers()
    return True


def complete_duplicate(item_id: int, upload_id: int) -> bool:
    """Complete a file whose bytes its owner already has (receiving → completed, duplicate). As `item_arrived`."""
    return _ended(incoming_sql.end(item_id, ItemStatus.COMPLETED, upload_id=upload_id))


def reject_item(item_id: int, code: str, message: str) -> bool:
    """Fail a file whose bytes are not kept (receiving → failed); it is counted and never retried."""
    return _ended(incoming_sql.end(item_id, ItemStatus.FAILED, code=code, message=storable(message)[:500]))


def fail_incomplete_item(item_id: int, code: str) -> bool:
    """Fail a file whose part is removed, because nobody sent it on or its sender says so. False when it had its end.

    One that failed already for want of bytes stays counted as that; its reason then tells the newer story.
    """
    message = default_message(code)
    if reject_item(item_id, code, message):
        return True
    failed = BatchItem.objects.filter(id=item_id, status=ItemStatus.FAILED, upload=None, error_code__in=RESUMABLE_CODES)
    return bool(failed.update(error_code=code, error_message=message))


def _ended(end: tuple[int, bool] | None) -> bool:
    if end is None:
        return False
    batch_id, last = end
    if last:
        complete_batches(batch_id)
    live_events.notify_batch_changed(batch_id)
    return True
