"""Incoming files of a batch: register, queue, complete as a duplicate, or reject."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.db.models.expressions import Combinable
from django.utils import timezone

from batches.engine import incoming_sql
from batches.engine.complete import complete_batches
from batches.engine.item_fields import NOT_FAILED_FIELDS
from batches.engine.refusals import BatchClosed
from batches.messaging import live_events, wake_ups
from batches.messaging.live_events import notify_batches_changed
from batches.models import BatchItem, UploadBatch
from batches.models.error_codes import RESENDABLE_CODES, RESUMABLE_CODES, default_message
from batches.models.states import LIVE_BATCHES, BatchStatus, ItemStatus, batch_sources, item_sources
from uploads.text import storable


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file as its sender describes it. `fingerprint` is 64 hex digits; see `batches.intake.file_name`."""

    filename: str
    relative_path: str
    fingerprint: str
    size: int


def register_item(
    batch_id: int, file: NewFile, before_visible: Callable[[int], None] | None = None
) -> tuple[BatchItem, bool]:
    """Insert the item of a file, or find it by its fingerprint. Return it and whether it became receiving.

    An item is `receiving` until its bytes are stored. An existing item that failed with a resendable code becomes
    receiving again; like a new one, it reopens a sealed or completed batch. `before_visible` is called with the id of a
    new row before it is committed; an exception rolls the row back. Raises BatchClosed if the batch is cancelled or
    deleted.
    """
    with transaction.atomic():
        added = incoming_sql.insert(
            batch_id, file.filename[:255], file.relative_path[:1000], file.fingerprint, file.size
        )
        if added is not None and before_visible is not None:
            before_visible(added.id)
        item = added or BatchItem.objects.get(batch_id=batch_id, fingerprint=file.fingerprint)
        receiving = added is not None or reopen_item(item)
    if receiving:
        live_events.notify_batch_changed(batch_id)
    return item, receiving


def is_resumable(item: BatchItem) -> bool:
    """Return whether the item failed only because its bytes did not arrive, and its partial file is kept."""
    return item.status == ItemStatus.FAILED and item.upload_id is None and item.error_code in RESUMABLE_CODES


def is_resendable(item: BatchItem) -> bool:
    """Return whether registering the file again makes the item receiving."""
    return item.status == ItemStatus.FAILED and item.upload_id is None and item.error_code in RESENDABLE_CODES


def reopen_item(item: BatchItem) -> bool:
    """Make a resendable item receiving again (failed → receiving) and reopen its batch; `item` is refreshed.

    Return False if it is not resendable. Raises BatchClosed.
    """
    if not is_resendable(item):
        return False
    failed = BatchItem.objects.filter(id=item.id, upload=None, error_code__in=RESENDABLE_CODES)
    with transaction.atomic():
        changed = failed.filter(status__in=item_sources(ItemStatus.RECEIVING)).update(
            status=ItemStatus.RECEIVING, **NOT_FAILED_FIELDS
        )
        if changed:
            _reopen_batch(item.batch_id, failed=F("failed") - 1)
            item.refresh_from_db()
    return bool(changed)


def _reopen_batch(batch_id: int, **counters: Combinable) -> None:
    """Update counters and unseal the batch, because a file is expected; a completed batch is processing again."""
    now = timezone.now()
    batch = UploadBatch.objects.filter(id=batch_id)
    if batch.filter(status__in=LIVE_BATCHES).update(sealed_at=None, updated_at=now, **counters):
        return
    if not batch.filter(status__in=batch_sources(BatchStatus.PROCESSING, BatchStatus.COMPLETED)).update(
        sealed_at=None, updated_at=now, status=BatchStatus.PROCESSING, completed_at=None, **counters
    ):
        raise BatchClosed
    notify_batches_changed([batch_id])


def queue_item(item_id: int, upload_id: int, *, new: bool = False) -> bool:
    """Queue an item whose bytes are stored (receiving → pending). Return False if it is no longer receiving.

    `new`: the surrounding transaction inserted the upload. Raises BatchClosed if the batch was cancelled, and
    IntegrityError if the upload was deleted.
    """
    queued = incoming_sql.queue(item_id, upload_id, new=new)
    if queued is None:
        return False
    batch_id, started = queued
    if started:
        notify_batches_changed([batch_id])
    live_events.notify_batch_changed(batch_id)
    wake_ups.notify_workers()
    return True


def complete_duplicate(item_id: int, upload_id: int) -> bool:
    """Complete an item whose bytes its owner already has (receiving → completed).

    Return False if it is no longer receiving. Raises IntegrityError if the upload was deleted.
    """
    return _finished(incoming_sql.complete(item_id, upload_id))


def reject_item(item_id: int, code: str, message: str) -> bool:
    """Fail an item whose bytes are not kept (receiving → failed). Return False if it is no longer receiving."""
    return _finished(incoming_sql.fail(item_id, code, storable(message)[:500]))


def fail_incomplete_item(item_id: int, code: str) -> bool:
    """Fail an item whose partial file expired or was withdrawn. Return False if it has finished otherwise.

    An item that had already failed with a resumable code stays counted as failed and gets the new code.
    """
    message = default_message(code)
    if reject_item(item_id, code, message):
        return True
    failed = BatchItem.objects.filter(id=item_id, status=ItemStatus.FAILED, upload=None, error_code__in=RESUMABLE_CODES)
    return bool(failed.update(error_code=code, error_message=message))


def _finished(result: tuple[int, bool] | None) -> bool:
    if result is None:
        return False
    batch_id, last = result
    if last:
        complete_batches(batch_id)
    live_events.notify_batch_changed(batch_id)
    return True
