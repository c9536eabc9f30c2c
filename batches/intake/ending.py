"""The one ending of every file, whatever door it came by: gate, storage, row, and what the batch is told.

Why a crash at any point loses nothing. The part file stays until the database has committed; only then is it removed.
- Before the commit: nothing of the row is there. The part is still complete, so the sender's next question (HEAD, or
  the same creation again) ends it anew. The original may already lie in storage: its key follows from the item, so the
  repetition writes the same name and nothing is orphaned.
- The connection breaks during the commit, outcome unknown: nothing is removed. If it was committed, the repetition
  finds an item that is not receiving any more and only removes the part. If not, see above.
- After the commit, before the part is removed: the same.
The bytes are synced before they are moved, and moved before the commit: a committed row has its file.
"""

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from uuid import UUID

from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction

from batches.engine.arrive import item_arrived, item_known, refuse_item
from batches.engine.errors import BatchClosed
from batches.intake.parts import Part
from batches.keys import key_of
from batches.models import BatchItem
from batches.states import ItemStatus
from uploads.media.sniff import HEAD_BYTES, SUPPORTED, reason_unsupported, sniff
from uploads.models import Kind, Upload
from uploads.storage import original_name, store_original

TRIES = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a file: `queued` for processing, `known` (its owner has these bytes) or `refused` with words."""

    state: Literal["queued", "known", "refused"]
    code: str = ""
    message: str = ""


class NotReceiving(Exception):
    """The item was ended by somebody else meanwhile: completed, abandoned or cancelled."""


def end_item(item: BatchItem, owner_id: int, part: Part) -> Outcome:
    """Take in a complete part, locked by the caller: afterwards the part is gone and the item has moved on.

    Repeating it is safe. Raises BatchClosed, NotReceiving (both remove the part) and OSError or a database error,
    which change nothing: then the same call may be made again.
    """
    part.sync()
    head = part.head(HEAD_BYTES)
    mime_type = sniff(head)
    try:
        if mime_type is None or mime_type not in SUPPORTED:
            outcome = _refuse(item, head)
        else:
            outcome = _keep(item, owner_id, part, mime_type)
    except (BatchClosed, NotReceiving):
        part.delete()
        raise
    part.delete()
    return outcome


def past_outcome(item: BatchItem) -> Outcome:
    """Return what became of an item that is not receiving any more. Raises BatchClosed for a cancelled one."""
    if item.status == ItemStatus.CANCELLED:
        raise BatchClosed
    if item.status == ItemStatus.FAILED and item.upload_id is None:
        return Outcome("refused", item.error_code, item.error_message)
    return Outcome("known" if item.duplicate else "queued")


def _refuse(item: BatchItem, head: bytes) -> Outcome:
    words = reason_unsupported(head)
    if not refuse_item(item.id, "file.unsupported", words):
        raise _ended(item)
    return Outcome("refused", "file.unsupported", words)


def _keep(item: BatchItem, owner_id: int, part: Part, mime_type: str) -> Outcome:
    """Store the bytes once per owner; try again when the Upload that was found is deleted under our hands."""
    wanted = Upload(
        owner_id=owner_id,
        key=key_of(item.id),
        sha256=part.sha256(),
        filename=item.filename,
        size=part.size,
        mime_type=mime_type,
        kind=Kind.VIDEO if mime_type.startswith("video/") else Kind.IMAGE,
    )
    for left in reversed(range(TRIES)):
        try:
            return _keep_once(item, wanted, part)
        except (IntegrityError, Upload.DoesNotExist):
            if not left:
                raise
    raise AssertionError("unreachable: the last try returns or raises")


def _keep_once(item: BatchItem, wanted: Upload, part: Part) -> Outcome:
    """One transaction: the Upload's row, its file, the item. Of two equal files the second waits for the first's end.

    The insert comes first and no existing Upload is locked, so nothing here waits while it holds an item or a batch.
    """
    new = False
    try:
        with transaction.atomic():
            # ON CONFLICT DO NOTHING waits for a concurrent insert of the same bytes to commit or to vanish.
            Upload.objects.bulk_create([wanted], ignore_conflicts=True)
            upload = Upload.objects.get(owner_id=wanted.owner_id, sha256=wanted.sha256)
            new = upload.key == wanted.key
            if new or not default_storage.exists(original_name(upload.key)):
                _store(part.path, upload.key)
            return _tell(item, upload, new=new)
    except (BatchClosed, NotReceiving):
        # Raised by us before any commit: the row is certainly gone, so its file must go too.
        if new:
            default_storage.delete(original_name(wanted.key))
        raise


def _tell(item: BatchItem, upload: Upload, *, new: bool) -> Outcome:
    """Complete the item as known when its picture has been worked on, else queue it.

    While another item of the same picture is still on its way nothing is promised: that one may fail or be cancelled.
    The engine ends the second without work when the first has come through.
    """
    known = not new and upload.processed_at is not None
    moved = item_known(item.id, upload.id) if known else item_arrived(item.id, upload.id)
    if not moved:
        raise _ended(item)
    return Outcome("known" if known else "queued")


def _ended(item: BatchItem) -> Exception:
    """Tell an item that was ended from one that is gone, because its batch is being deleted."""
    return NotReceiving() if BatchItem.objects.filter(id=item.id).exists() else BatchClosed()


def _store(part: Path, key: UUID) -> None:
    """Put the bytes into storage and leave the part where it is until the commit, on a local disk without copying."""
    second = part.with_name(f"{part.name}.stored")
    second.unlink(missing_ok=True)
    try:
        os.link(part, second)
    except PermissionError:
        shutil.copyfile(part, second)  # a disk without hard links, such as exFAT
        with second.open("rb") as copy:
            os.fsync(copy.fileno())
    try:
        store_original(second, key)
    finally:
        # A rename onto another name of the same file does nothing and leaves the source.
        with suppress(FileNotFoundError):
            second.unlink()
