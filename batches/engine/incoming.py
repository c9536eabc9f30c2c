"""Register the incoming files of a batch, then queue, complete, reject or ignore them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from batches.engine import incoming_sql
from batches.engine.complete_batch import complete_batches
from batches.engine.item_fields import NOT_FAILED_FIELDS
from batches.engine.transitions import move_items, reopen_batch
from batches.messaging import live_events, wake_ups
from batches.models import BatchItem
from batches.models.error_codes import RESENDABLE_CODES, RESUMABLE_CODES, default_message
from batches.models.states import COUNTERS, ItemStatus
from uploads.text import storable


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file as described by the client. `fingerprint` is 64 hex digits; see `batches.intake.file_name`."""

    filename: str
    relative_path: str
    fingerprint: str
    size: int


def file_columns(files: Sequence[NewFile]) -> dict[str, list[Any]]:
    """Return the columns of new items as arrays, to be passed to statements that insert many items."""
    keys = [incoming_sql.item_keys(file.filename, file.relative_path) for file in files]
    return {
        "filenames": [file.filename[:255] for file in files],
        "paths": [file.relative_path[:1000] for file in files],
        "fingerprints": [file.fingerprint for file in files],
        "sizes": [file.size for file in files],
        "folder_keys": [key["folder_key"] for key in keys],
        "name_keys": [key["name_key"] for key in keys],
    }


def register_item(
    batch_id: int, file: NewFile, before_visible: Callable[[int], None] | None = None
) -> tuple[BatchItem, bool]:
    """Insert an item for the file, or find the existing item by its fingerprint.

    Return the item and whether this call set its state to `receiving`. A new item is receiving until its bytes are
    stored. An existing item that is missing or failed with a resendable code moves to `receiving`. Each of these
    changes reopens a sealed or completed batch. `before_visible` is called with the id of a new item before the item is
    committed; if it raises an exception, the transaction is rolled back. Raises BatchClosed if the batch is cancelled
    or deleted.
    """
    with transaction.atomic():
        added = incoming_sql.insert(
            batch_id, file.filename[:255], file.relative_path[:1000], file.fingerprint, file.size
        )
        if added is None:
            item = BatchItem.objects.get(batch_id=batch_id, fingerprint=file.fingerprint)
            receiving = reopen_item(item)
        else:
            (item, is_new), receiving = added, True
            if is_new and before_visible is not None:
                before_visible(item.id)
    if receiving:
        live_events.notify_batch_changed(batch_id)
    return item, receiving


def is_resumable(item: BatchItem) -> bool:
    """Return whether the item's upload stopped for a reason unrelated to the file.

    In that case, the partial file was kept, so the upload can resume.
    """
    if item.status == ItemStatus.MISSING:
        return item.finished_at is not None
    return item.status == ItemStatus.FAILED and item.upload_id is None and item.error_code in RESUMABLE_CODES


def is_resendable(item: BatchItem) -> bool:
    """Return whether the item moves back to `receiving` if its file is registered again."""
    if item.status == ItemStatus.MISSING:
        return True
    return item.status == ItemStatus.FAILED and item.upload_id is None and item.error_code in RESENDABLE_CODES


def reopen_item(item: BatchItem) -> bool:
    """Move a resendable item to `receiving`, reopen its batch, and refresh `item`.

    Return False if the item is not resendable. Raises BatchClosed if the batch is cancelled or deleted.
    """
    if not is_resendable(item):
        return False
    stopped = BatchItem.objects.filter(id=item.id, status=item.status, upload=None)
    counter = COUNTERS[ItemStatus(item.status)]
    if item.status == ItemStatus.FAILED:
        stopped = stopped.filter(error_code__in=RESENDABLE_CODES)
    with transaction.atomic():
        # Set `created_at`, as `incoming_sql.INSERT` does, because expiry must not touch a file that was registered
        # after the batch expired.
        if not move_items(stopped, ItemStatus.RECEIVING, created_at=Now(), **NOT_FAILED_FIELDS):
            return False
        reopen_batch(item.batch_id, sealed_at=None, **{counter: F(counter) - 1})
        item.refresh_from_db()
    live_events.notify_batches_changed([item.batch_id])
    return True


def queue_item(item_id: int, upload_id: int, *, new: bool = False, claim: UUID | None = None) -> bool:
    """Queue an item whose bytes are stored (receiving → pending). Return False if the item is no longer receiving.

    A job that has unpacked the bytes from an archive passes its `claim` (processing → pending); the same applies to
    `complete_duplicate`, `reject_item` and `ignore_item`. `new` means that the caller's open transaction inserted the
    upload. Raises BatchClosed if the batch is cancelled or deleted, and IntegrityError if the upload was deleted.
    """
    queued = incoming_sql.queue(item_id, upload_id, new=new, claim=claim)
    if queued is None:
        return False
    batch_id, started = queued
    if started:
        live_events.notify_batches_changed([batch_id])
    live_events.notify_batch_changed(batch_id)
    wake_ups.notify_workers()
    return True


def complete_duplicate(item_id: int, upload_id: int, claim: UUID | None = None) -> bool:
    """Complete an item because its owner already has a picture with the same bytes (receiving → completed).

    Return False if the item is no longer receiving. Raises IntegrityError if the upload was deleted.
    """
    return _finished(incoming_sql.complete(item_id, upload_id, claim))


def reject_item(item_id: int, code: str, message: str, sha256: str = "", claim: UUID | None = None) -> bool:
    """Fail an item whose bytes will not be stored (receiving → failed). Return False if it is no longer receiving.

    `sha256` is blank if not all bytes have arrived.
    """
    return _finished(incoming_sql.fail(item_id, code, storable(message)[:500], sha256, claim))


def ignore_item(item_id: int, code: str, sha256: str, claim: UUID | None = None) -> bool:
    """Mark an item as ignored because of its content (receiving → ignored). Its bytes will not be stored.

    The batch's total no longer includes the item. Return False if the item is no longer receiving.
    """
    return _finished(incoming_sql.ignore(item_id, code, default_message(code), sha256, claim))


def fail_incomplete_item(item_id: int, code: str) -> bool:
    """Fail an item because its partial file expired or the client withdrew the file.

    If the item had already failed with a resumable code, only its code and message change. A missing item stays missing
    and is marked as having no partial file. Return False if the item's upload cannot be resumed.
    """
    message = default_message(code)
    if reject_item(item_id, code, message):
        return True
    if BatchItem.objects.filter(id=item_id, status=ItemStatus.MISSING, finished_at__isnull=False).update(
        finished_at=None
    ):
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
