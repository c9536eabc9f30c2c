"""What the endpoint does on disk and in the database. Blocking: runs on the intake's threads, never on the loop.

A request whose whole body is here already is done in one call, which for a small file means one thread and one
connection; otherwise the call leaves an open `Sending`, which the application feeds and then gives to `conclude`.

A call that may not end files (`ends`) raises WholePart, with nothing done that may not be done again, where all of a
file is found here: whatever becomes of it, the storage is asked, and that may take long.
"""

from dataclasses import dataclass, replace
from functools import partial

from django.conf import settings
from django.contrib.auth.models import User

from batches.engine.expiry import record_activity
from batches.engine.incoming import fail_incomplete_item, is_resumable
from batches.engine.refusals import BatchClosed, Refused
from batches.intake import register
from batches.intake.discard import discard_if_unneeded, discard_partial, expects_bytes
from batches.intake.disk_space import require_space
from batches.intake.partial_file import lock_partial, locked_partial
from batches.intake.partial_paths import partial_facts, partial_size
from batches.intake.tus.auth import signed_in_user
from batches.intake.tus.headers import Creation, Patch
from batches.intake.tus.protocol_error import TusError, not_found
from batches.intake.tus.state import (
    UploadState,
    expires_at,
    finish,
    forget_expired,
    refuse_as_before,
    refuse_expired,
    turn_away,
    upload_state,
    waiting,
)
from batches.intake.tus.writer import BodyWriter
from batches.models import BatchItem, UploadBatch
from batches.models.states import BatchStatus, ItemStatus


class CompleteFileFound(Exception):
    """A file is here that was not ended: the same call is to be made again where files may end."""


@dataclass(slots=True)
class Transfer:
    """One request with bytes. Whoever made it closes it: the part is locked from `reception` on."""

    item: BatchItem | None = None
    reception: BodyWriter | None = None

    @property
    def opened(self) -> tuple[BatchItem, BodyWriter]:
        """The file and what takes its bytes. Only for a sending that was opened."""
        if self.item is None or self.reception is None:
            raise RuntimeError("nothing was opened")
        return self.item, self.reception

    def close(self) -> None:
        """Give the part back."""
        if self.reception is not None:
            self.reception.close()

    def expires(self) -> float | None:
        """Return until when the rest is waited for; None when it is not known which file it is, or nothing is."""
        return expires_at(self.item, partial_facts(self.item.id)) if self.item else None


def create_upload(
    cookies: str, creation: Creation, sending: Transfer, whole: bytes | None, *, ends: bool = True
) -> UploadState | None:
    """Announce a file, or find it again, and take the bytes that came with it; None: feed the sending, then conclude.

    Raises TusError, BatchClosed, PartBusy, OSError, WholePart; so do all that follow.
    """
    user = signed_in_user(cookies)
    batch = UploadBatch.objects.filter(id=creation.batch_id, owner=user).first()
    if batch is None:
        raise TusError(404, "batch.unknown", "There is no such batch of yours. Open one first.")
    try:
        item = register.register_file(batch, creation.name.as_new_file())
    except BatchClosed:
        raise
    except Refused as error:
        raise TusError(413, error.code, error.message) from error
    item.batch = batch
    if item.status == ItemStatus.RECEIVING:
        forget_expired(item)
        if creation.first is not None:
            return _receive(item, creation.first, sending, whole)
        refuse_as_before(item, user.id)
    _stay_off(item, ends)
    place = upload_state(item)
    require_space(place.length - place.offset)
    return place


def head_upload(cookies: str, item_id: int, *, ends: bool = True) -> UploadState:
    """Say where a file stands. Raises TusError."""
    item = find_item(signed_in_user(cookies), item_id, ends)
    _stay_off(item, ends)
    facts = {"batch": str(item.batch_id), "filename": item.filename, "relative_path": item.relative_path}
    return replace(upload_state(item), metadata=tuple(facts.items()))


def patch_upload(
    cookies: str, item_id: int, patch: Patch, sending: Transfer, whole: bytes | None, *, ends: bool = True
) -> UploadState | None:
    """Take the bytes of a PATCH; None: feed the sending, then conclude. Raises TusError, PartBusy, OSError."""
    item = find_item(signed_in_user(cookies), item_id, ends)
    if not expects_bytes(item):
        _stay_off(item, ends)
        place = upload_state(item)
        if patch.offset != place.offset:
            raise TusError(409, "tus.offset", f"The file stands at {place.offset} bytes: it is here already.")
        return place
    refuse_expired(item, partial_facts(item.id))
    record_activity(item.batch, settings.EXPIRY_SECONDS / 10)
    return _receive(item, patch, sending, whole)


def finish_transfer(sending: Transfer) -> UploadState:
    """The body came to its end: prove it, and end the file when all of it is here. Raises TusError, OSError."""
    item, reception = sending.opened
    reception.end()
    if reception.complete:
        return finish(item, reception.part)
    return waiting(item, reception.part.facts())


def terminate_upload(cookies: str, item_id: int) -> None:
    """Give up a file that its sender cannot send to the end: it is failed and its part removed. Raises as `go_on`."""
    item = find_item(signed_in_user(cookies), item_id, ends=True)
    with locked_partial(item.id) as part:
        if fail_incomplete_item(item.id, "file.withdrawn"):
            discard_partial(item, part)
            return
    item.refresh_from_db()
    upload_state(item)  # refused before: says so
    raise TusError(409, "upload.complete", "All of it has arrived: it cannot be taken back here.")


def find_item(user: User, item_id: int, ends: bool) -> BatchItem:
    """Return the user's own item with its batch. Raises TusError 404, BatchClosed when the batch was cancelled."""
    item = BatchItem.objects.select_related("batch").filter(id=item_id, batch__owner=user).first()
    if item is None or item.batch.deleting_since:
        raise not_found()
    if item.batch.status == BatchStatus.CANCELLED:
        _stay_off(item, ends)
        discard_if_unneeded(item.id)
        raise BatchClosed
    return item


def _stay_off(item: BatchItem, ends: bool) -> None:
    if not ends and item.size and partial_size(item.id) >= item.size:
        raise CompleteFileFound


def _receive(item: BatchItem, patch: Patch, sending: Transfer, whole: bytes | None) -> UploadState | None:
    sending.item = item
    part = lock_partial(item.id)
    try:
        sending.reception = reception = BodyWriter(part, item.size, patch, partial(turn_away, item))
    except BaseException:
        part.close()
        raise
    require_space(reception.coming)
    if is_resumable(item):
        _reopen(item)
    if whole is None:
        return None
    reception.add(whole)
    return finish_transfer(sending)


def _reopen(item: BatchItem) -> None:
    """Bytes come of a file that was given up: it is received once more."""
    batch = item.batch
    try:
        register.resume_file(item, batch.owner_id)
    except BatchClosed:
        raise
    except Refused as error:
        raise TusError(413, error.code, error.message) from error
    item.batch = batch
