"""The one ending of every file, whatever door it came by: gate, storage, row, and what the batch is told.

Why a crash at any point loses nothing. The part file stays until the database has committed; only then is it removed.
- Before the commit: nothing of the row is there. The part is still complete, so the sender's next question (HEAD, or
  the same creation again) ends it anew. The original may already lie in storage: its key follows from the item, so the
  repetition writes the same name, or removes it where the same bytes have come by another way meanwhile.
- The connection breaks during the commit, outcome unknown: nothing is removed. If it was committed, the repetition
  finds an item that is not receiving any more and only removes the part. If not, see above.
- After the commit, before the part is removed: the same.
The bytes are synced before they are stored, and stored before the transaction begins: a committed row has its file,
and no transaction waits for a storage that is far away.
"""

from dataclasses import dataclass
from errno import ENODEV
from typing import Literal
from uuid import UUID

from django.db import IntegrityError, transaction

from batches.engine.incoming import complete_duplicate, queue_item, reject_item
from batches.engine.refusals import BatchClosed
from batches.intake.discard import expects_bytes
from batches.intake.partial_file import PartialFile
from batches.intake.partial_lock import PartialFileBusy
from batches.intake.unavailable import unavailable_reason
from batches.models import BatchItem
from batches.models.states import ItemStatus
from batches.models.storage_key import storage_key
from uploads import queries
from uploads.media.sniff import HEAD_BYTES, SUPPORTED, reason_unsupported, sniff
from uploads.models import MediaKind, Upload
from uploads.storage import delete_files, is_stored, prepare_storage, store_original

TRIES = 5
UNSUPPORTED = "file.unsupported"


@dataclass(frozen=True, slots=True)
class IntakeOutcome:
    """What became of a file: `queued` for processing, `known` (its owner has these bytes) or `refused` with words."""

    state: Literal["queued", "known", "refused"]
    code: str = ""
    message: str = ""


class NotReceiving(Exception):
    """The item was ended by somebody else meanwhile: completed, abandoned or cancelled."""


def finalize_item(item: BatchItem, owner_id: int, part: PartialFile) -> IntakeOutcome:
    """Take in a complete part, locked by the caller: afterwards the part is gone and the item has moved on.

    Repeating it is safe. Raises BatchClosed and NotReceiving, which remove the part unless the file may still be
    received once more, and OSError or a database error, which change nothing: then the same call may be made again.
    Only a disk that could not keep the bytes removes the part with its OSError: they must be sent again.
    """
    part.sync()
    head = part.head(HEAD_BYTES)
    mime_type = sniff(head)
    try:
        if mime_type is None or mime_type not in SUPPORTED:
            outcome = _refuse(item, head)
        else:
            outcome = _keep(item, owner_id, part, mime_type)
    except BatchClosed:
        part.delete()
        raise
    except NotReceiving:
        item.refresh_from_db()
        if not expects_bytes(item):
            part.delete()
        raise
    part.delete()
    return outcome


def recorded_outcome(item: BatchItem) -> IntakeOutcome:
    """Return what became of an item that is not receiving any more.

    Raises BatchClosed for a cancelled one, PartBusy for one that is received once more meanwhile.
    """
    if item.status == ItemStatus.CANCELLED:
        raise BatchClosed
    if item.status == ItemStatus.RECEIVING:
        raise PartialFileBusy
    gone = unavailable_reason(item)
    if gone:
        return IntakeOutcome("refused", *gone)
    if item.status == ItemStatus.FAILED and item.upload_id is None:
        return IntakeOutcome("refused", item.error_code, item.error_message)
    return IntakeOutcome("known" if item.duplicate else "queued")


def _refuse(item: BatchItem, head: bytes) -> IntakeOutcome:
    words = reason_unsupported(head)
    if not reject_item(item.id, UNSUPPORTED, words):
        raise _ended(item)
    return IntakeOutcome("refused", UNSUPPORTED, words)


def _keep(item: BatchItem, owner_id: int, part: PartialFile, mime_type: str) -> IntakeOutcome:
    """Store the bytes once per owner; try again when another copy comes first or the known one is deleted meanwhile."""
    wanted = Upload(
        owner_id=owner_id,
        key=storage_key(item.id),
        sha256=part.sha256(),
        filename=item.filename,
        size=part.size,
        mime_type=mime_type,
        kind=MediaKind.from_mime_type(mime_type),
    )
    for left in reversed(range(TRIES)):
        known = queries.find_by_sha256(owner_id, wanted.sha256)
        try:
            return _keep_once(item, part, wanted, known)
        except IntegrityError:
            if not left:
                raise
    raise AssertionError("unreachable: the last try returns or raises")


def _keep_once(item: BatchItem, part: PartialFile, wanted: Upload, known: Upload | None) -> IntakeOutcome:
    """Store the file where it is not yet, then one transaction: the Upload's row and the item.

    The insert comes first, then the item, a known Upload and the batch: no two transactions wait for each other.
    """
    if known is not None and known.key != wanted.key:
        delete_files(wanted.key, {})  # a crash may have left it before the other copy came
    upload = known or wanted
    stored = known is None or not is_stored(known.key)
    if stored:
        _store(part, upload.key)
    try:
        with transaction.atomic():
            if known is None:
                # Waits for a concurrent insert of the same bytes to commit, which refuses this one, or to vanish.
                queries.insert_upload(wanted)
            return _tell(item, upload, new=known is None)
    except (BatchClosed, NotReceiving):
        # Raised by us before any commit: the row of a new one is certainly gone, so its file must go too.
        if known is None:
            delete_files(wanted.key, {})
        raise
    except IntegrityError:
        # Refused by the database: no row has this key, neither a new one nor the known one that was deleted.
        if stored:
            delete_files(upload.key, {})
        raise


def _store(part: PartialFile, key: UUID) -> None:
    """Store the locked file. Raises BatchClosed, OSError.

    Only before the very first one is a storage without its folders an empty one.
    """
    try:
        store_original(part.file, key)
    except FileNotFoundError:
        if BatchItem.objects.filter(id=part.item_id).exists():
            raise
        raise BatchClosed from None  # the part went with its batch
    except OSError as error:
        if error.errno != ENODEV or Upload.objects.exists():
            raise
        prepare_storage()
        store_original(part.file, key)


def _tell(item: BatchItem, upload: Upload, *, new: bool) -> IntakeOutcome:
    """Complete the item as known when its picture has been worked on, else queue it.

    While another item of the same picture is still on its way nothing is promised: that one may fail or be cancelled.
    The engine ends the second without work when the first has come through.
    """
    known = not new and upload.processed_at is not None
    moved = complete_duplicate(item.id, upload.id) if known else queue_item(item.id, upload.id, new=new)
    if not moved:
        raise _ended(item)
    return IntakeOutcome("known" if known else "queued")


def finalize_known(item: BatchItem, upload: Upload) -> IntakeOutcome:
    """End a file whose bytes are in storage as `upload` of the same owner. Raises BatchClosed, NotReceiving.

    Raises IntegrityError when the upload is deleted meanwhile; then nothing has changed.
    """
    with transaction.atomic():
        return _tell(item, upload, new=False)


def _ended(item: BatchItem) -> Exception:
    """Tell an item that was ended from one that is gone, because its batch is being deleted."""
    return NotReceiving() if BatchItem.objects.filter(id=item.id).exists() else BatchClosed()
