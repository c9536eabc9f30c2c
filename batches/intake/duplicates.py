"""Detect duplicates of received files by SHA-256, and store each file once per owner.

Many duplicates are found even before they are received: `preflight` looks up hashes that browsers send, and
`local_files` hashes files whose size matches one of the owner's uploads.
"""

import random
import time
from errno import ENODEV
from uuid import UUID

from django.db import IntegrityError, transaction

from batches.engine.incoming import complete_duplicate, queue_item
from batches.engine.refusals import BatchClosed
from batches.intake.outcome import IntakeOutcome, NotReceiving, not_receiving
from batches.intake.partial_file import PartialFile
from batches.models import BatchItem, UploadBatch
from batches.models.storage_key import storage_key
from uploads import upload_sql
from uploads.models import MediaKind, Upload
from uploads.storage import delete_files, prepare_storage, store_original
from uploads.trash import restore
from uploads.verification.check import is_intact, mark_repaired

MAX_TRIES = 8
PAUSE_SECONDS = 0.01
"""The longest pause after a failed try is this, doubled once per try."""


def store_or_reuse(item: BatchItem, owner_id: int, partial: PartialFile, mime_type: str) -> IntakeOutcome:
    """Store the file unless its owner already has an intact copy of the same bytes, then queue or complete the item.

    Try up to MAX_TRIES times, because another request may commit the same bytes first, or the owner's existing copy may
    be deleted in the meantime. The pauses between tries are random, so that concurrent requests for the same bytes do
    not disturb each other again.
    """
    upload = Upload(
        owner_id=owner_id,
        key=storage_key(item.id),
        sha256=partial.sha256(),
        filename=item.filename,
        size=partial.size,
        mime_type=mime_type,
        kind=MediaKind.from_mime_type(mime_type),
    )
    for tries in range(1, MAX_TRIES + 1):
        existing = upload_sql.find_by_sha256(owner_id, upload.sha256)
        repairs = existing is not None and not is_intact(existing)
        try:
            outcome = _try_store_or_reuse(item, partial, upload, existing, stores=existing is None or repairs)
        except IntegrityError:
            if tries == MAX_TRIES:
                raise
            time.sleep(random.uniform(0, PAUSE_SECONDS * 2**tries))  # noqa: S311 (not for security)
            continue
        if existing is not None and repairs:
            mark_repaired(existing.id)
        return outcome
    raise AssertionError("unreachable: the last attempt returns or raises")


def finalize_duplicate(item: BatchItem, upload: Upload) -> IntakeOutcome:
    """Finalize an item whose bytes the same owner has already stored as `upload`. Raises BatchClosed, NotReceiving.

    Raises IntegrityError, and changes nothing, if the upload was deleted in the meantime.
    """
    _restore(item, upload)
    with transaction.atomic():
        return _queue_or_complete(item, upload, new=False)


def _try_store_or_reuse(
    item: BatchItem, partial: PartialFile, new: Upload, existing: Upload | None, *, stores: bool
) -> IntakeOutcome:
    """Store the file if `stores` is true, then write the Upload and the item in one transaction.

    Locks are taken in the usual order: the item, an existing Upload, the batch. A new Upload is inserted before these
    locks are taken. This cannot cause a deadlock: the new row is invisible to others until the commit, and while the
    insert waits for a concurrent insert of the same bytes, this transaction holds no locks that the other one could
    need.
    """
    if existing is not None and existing.key != new.key:
        delete_files(new.key, {})  # an earlier attempt may have stored this file and then crashed
    upload = existing or new
    _restore(item, upload)
    if stores:
        _store(partial, upload.key)
    try:
        with transaction.atomic():
            if existing is None:
                # Waits for a concurrent insert of the same bytes, and raises IntegrityError if that insert commits.
                upload_sql.insert_upload(new)
            return _queue_or_complete(item, upload, new=existing is None)
    except (BatchClosed, NotReceiving):
        # Nothing was committed, so a file stored for a new Upload has no row and must be deleted.
        if existing is None:
            delete_files(new.key, {})
        raise
    except IntegrityError:
        # Delete the stored file only if no row has its key. Usually there is none: the new row was not inserted, or the
        # existing row was deleted.
        if stores and not Upload.objects.filter(key=upload.key).exists():
            delete_files(upload.key, {})
        raise


def _restore(item: BatchItem, upload: Upload) -> None:
    """Take the picture out of the trash before its new item is completed or queued, unless a guest sent the file.

    This runs in a separate transaction, because the transaction that links the item's sidecars must take the lock for
    the file's name before it locks uploads. If the item fails afterwards, the picture merely stays in the library.
    """
    if upload.trashed_at is None or is_from_guest(item):
        return
    with transaction.atomic():
        restore([upload.id])


def is_from_guest(item: BatchItem) -> bool:
    return UploadBatch.objects.filter(id=item.batch_id, guest_link__isnull=False).exists()


def _store(partial: PartialFile, key: UUID) -> None:
    """Store the locked file. Raises BatchClosed, OSError.

    Missing storage folders are created only if there are no uploads yet. Otherwise, a missing folder means that the
    disk is not mounted.
    """
    try:
        store_original(partial.file, key)
    except FileNotFoundError:
        if BatchItem.objects.filter(id=partial.item_id).exists():
            raise
        raise BatchClosed from None  # the partial file was removed together with its batch
    except OSError as error:
        if error.errno != ENODEV or Upload.objects.exists():
            raise
        prepare_storage()
        store_original(partial.file, key)


def _queue_or_complete(item: BatchItem, upload: Upload, *, new: bool) -> IntakeOutcome:
    """Complete the item as a duplicate if its picture has already been processed; otherwise queue it.

    The item is queued even if another item with the same picture is pending or processing, because that other item may
    fail or be cancelled. If the other item succeeds, the engine completes this item without processing it.
    """
    duplicate = not new and upload.processed_at is not None
    if duplicate:
        moved = complete_duplicate(item.id, upload.id, item.claim)
    else:
        moved = queue_item(item.id, upload.id, new=new, claim=item.claim)
    if not moved:
        raise not_receiving(item)
    return IntakeOutcome("duplicate" if duplicate else "queued")
