"""Handle one request on disk and in the database. Blocking: runs on the intake threads, never on the event loop.

A handler finds the item, and locks its partial file if the request has bytes. It never waits for the storage: if there
is more to do, it returns None, and `finish` runs on a finalize thread after the body has been written.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.conf import settings

from batches.engine.expiry import record_activity
from batches.engine.incoming import fail_incomplete_item, is_resumable
from batches.engine.refusals import BatchClosed, Refused
from batches.intake import prefilter
from batches.intake.discard import discard_partial
from batches.intake.disk_space import require_space
from batches.intake.partial_file import PartialFile, lock_partial, locked_partial
from batches.intake.partial_paths import partial_facts
from batches.intake.register import register_file, resume_file
from batches.intake.tus.auth import signed_in_user
from batches.intake.tus.completion import current_state, finalize_upload, is_complete
from batches.intake.tus.headers import Creation, Patch
from batches.intake.tus.protocol_error import TusError, not_found
from batches.intake.tus.state import (
    UploadState,
    accepts_bytes,
    expires_at,
    finished_state,
    incomplete_state,
    refuse_expired,
    restart_if_expired,
)
from batches.intake.tus.writer import BodyWriter
from batches.models import BatchItem, UploadBatch
from batches.models.states import ItemStatus


@dataclass(slots=True)
class Transfer:
    """One request: its `patch` if it brings bytes, the item it found, and the writer, which has the lock until `close`.

    All functions that work on it raise TusError, BatchClosed, PartialFileBusy, OSError.
    """

    patch: Patch | None = None
    item: BatchItem | None = None
    writer: BodyWriter | None = None

    def close(self) -> None:
        """Release the partial file."""
        if self.writer is not None:
            self.writer.close()

    def expires(self) -> float | None:
        """Return when the upload expires; None if its item was not found."""
        return expires_at(self.item, partial_facts(self.item.id)) if self.item else None


Start = Callable[[Transfer], UploadState | None]


def run_whole(start: Start, transfer: Transfer, data: bytes) -> UploadState:
    """Handle a request and its whole body in one call, so that a small file needs one thread and one connection."""
    state = start(transfer)
    if transfer.writer is not None:
        transfer.writer.add(data)
    return state or finish(transfer)


def create_upload(cookies: str, creation: Creation, transfer: Transfer) -> UploadState | None:
    """Register a file, or find it again, and receive the bytes that come with the request."""
    user = signed_in_user(cookies)
    batch = UploadBatch.objects.filter(id=creation.batch_id, owner=user).first()
    if batch is None:
        raise TusError(404, "batch.unknown", "You have no such import. Start a new one.")
    try:
        item = register_file(batch, creation.name.as_new_file())
    except BatchClosed:
        raise
    except Refused as error:
        raise TusError(413, error.code, error.message) from error
    item.batch = batch
    transfer.item = item
    if item.status == ItemStatus.RECEIVING:
        restart_if_expired(item)
        if transfer.patch is not None:
            _open_writer(transfer, item, transfer.patch)
            return None
        if partial_facts(item.id) is None and (outcome := prefilter.reject_as_before(item, user.pk)):
            return finished_state(item, outcome)
    if is_complete(item):
        return None
    state = current_state(item)
    require_space(item.size - state.offset)
    return state


def head_upload(cookies: str, item_id: int, transfer: Transfer) -> UploadState | None:
    """Return the offset of an upload."""
    item = transfer.item = _find_item(cookies, item_id)
    return None if is_complete(item) else current_state(item)


def patch_upload(cookies: str, item_id: int, transfer: Transfer) -> UploadState | None:
    """Receive the bytes of a PATCH, unless the upload is finished."""
    item = transfer.item = _find_item(cookies, item_id)
    if not accepts_bytes(item) or transfer.patch is None:
        return None
    refuse_expired(item, partial_facts(item.id))
    record_activity(item.batch, settings.EXPIRY_SECONDS / 10)
    _open_writer(transfer, item, transfer.patch)
    return None


def finish(transfer: Transfer) -> UploadState:
    """Verify the checksum of a body that has been written, and finalize the file once it is complete.

    Without a writer, finalize a complete file that a crash left behind, or return its state.
    """
    item, patch, writer = transfer.item, transfer.patch, transfer.writer
    if item is None:
        raise RuntimeError("the handler found no item")
    if writer is not None:
        writer.end()
        if writer.complete:
            return finalize_upload(item, writer.partial)
        return incomplete_state(item, writer.partial.facts())
    state = current_state(item)
    if patch is not None and patch.offset != state.offset and not patch.overlap:
        raise TusError(409, "tus.offset", f"The offset is {state.offset}: the file is already complete.")
    return state


def withdraw_upload(cookies: str, item_id: int) -> None:
    """Fail a file that its client cannot read completely, and remove its partial file."""
    item = _find_item(cookies, item_id)
    if accepts_bytes(item):
        with locked_partial(item.id) as locked:
            if fail_incomplete_item(item.id, "file.withdrawn"):
                discard_partial(item, locked)
                return
        item.refresh_from_db()
    current_state(item)  # raises if it was refused
    raise TusError(409, "upload.complete", "The file is already complete and cannot be withdrawn.")


def _find_item(cookies: str, item_id: int) -> BatchItem:
    """Return the user's own item with its batch. Raises TusError 401, 404."""
    user = signed_in_user(cookies)
    item = BatchItem.objects.select_related("batch").filter(id=item_id, batch__owner=user).first()
    if item is None or item.batch.deleting_since:
        raise not_found()
    return item


def _open_writer(transfer: Transfer, item: BatchItem, patch: Patch) -> None:
    """Lock the partial file for the body of this request, and reopen an abandoned item."""
    locked = lock_partial(item.id)
    try:
        transfer.writer = BodyWriter(locked, item.size, patch, partial(_reject_unsupported, item))
    except BaseException:
        locked.close()
        raise
    require_space(transfer.writer.expected)
    if not is_resumable(item):
        return
    batch = item.batch
    try:
        resume_file(item, batch.owner_id)
    except BatchClosed:
        raise
    except Refused as error:
        raise TusError(413, error.code, error.message) from error
    item.batch = batch  # refresh_from_db dropped it


def _reject_unsupported(item: BatchItem, locked: PartialFile) -> None:
    """Raise TusError 422 if the first bytes show that the file is not supported; its item fails at once."""
    outcome = prefilter.reject_by_content(item, locked)
    if outcome is not None:
        finished_state(item, outcome)
