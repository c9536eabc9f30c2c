"""The blocking steps of a request, which use the disk and the database. They never run on the event loop.

A start step finds the item and, if the request has a body, locks the item's partial file. It never waits for the
storage. If the request needs more work, the step returns None. The body is then written, and `finish` runs on a
finalize thread.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from batches.engine.incoming import fail_incomplete_item, is_resumable
from batches.intake import prefilter
from batches.intake.activity import record_activity
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
from batches.models import BatchItem
from batches.models.scope import NotFound, owner_scope
from batches.models.states import ItemStatus


@dataclass(slots=True)
class Transfer:
    """The state of one request while its steps run.

    `patch` describes the body, if there is one. The start step sets `item`, and `writer` if it locks the partial file;
    the writer holds that lock until `close`. Any function that takes a Transfer may raise TusError, Refused,
    PartialFileBusy or OSError.
    """

    patch: Patch | None = None
    item: BatchItem | None = None
    writer: BodyWriter | None = None

    def close(self) -> None:
        """Release the lock on the partial file."""
        if self.writer is not None:
            self.writer.close()

    def expires(self) -> float | None:
        """Return when the upload expires, or None if the start step has not found an item."""
        return expires_at(self.item, partial_facts(self.item.id)) if self.item else None


Start = Callable[[Transfer], UploadState | None]


def run_whole(start: Start, transfer: Transfer, data: bytes) -> UploadState:
    """Run all steps of a request with its whole body in one call: on one thread, with one database connection."""
    state = start(transfer)
    if transfer.writer is not None:
        transfer.writer.add(data)
    return state or finish(transfer)


def start_post(cookies: str, creation: Creation, transfer: Transfer) -> UploadState | None:
    """Register a file, or find its existing item, and prepare to receive the request's body."""
    user = signed_in_user(cookies)
    try:
        batch = owner_scope(user).find_batch(creation.batch_id)
    except NotFound as error:
        raise TusError(404, "batch.unknown") from error
    record_activity(batch)
    item = register_file(batch, creation.name.as_new_file(), remote=True)
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


def start_head(cookies: str, item_id: int, transfer: Transfer) -> UploadState | None:
    """Return the upload's state, or None if `finish` must finalize or discard its complete partial file."""
    item = transfer.item = _find_item(cookies, item_id)
    return None if is_complete(item) else current_state(item)


def start_patch(cookies: str, item_id: int, transfer: Transfer) -> UploadState | None:
    """Prepare to receive the body of a PATCH, unless the upload is finished."""
    item = transfer.item = _find_item(cookies, item_id)
    if not accepts_bytes(item) or transfer.patch is None:
        return None
    refuse_expired(item, partial_facts(item.id))
    record_activity(item.batch)
    _open_writer(transfer, item, transfer.patch)
    return None


def finish(transfer: Transfer) -> UploadState:
    """Verify the checksum of the body that was written, and finalize the file if it is complete.

    If `transfer` has no writer, return the upload's current state; see `current_state`.
    """
    item, patch, writer = transfer.item, transfer.patch, transfer.writer
    if item is None:
        raise RuntimeError("the start step found no item")
    if writer is not None:
        writer.end()
        if writer.complete:
            return finalize_upload(item, writer.partial)
        return incomplete_state(item, writer.partial.facts())
    state = current_state(item)
    if patch is not None and patch.offset != state.offset and not patch.overlap:
        raise TusError(409, "tus.offset", offset=state.offset)
    return state


def withdraw_upload(cookies: str, item_id: int) -> None:
    """Fail a file that the client cannot send in full, and remove its partial file."""
    item = _find_item(cookies, item_id)
    if accepts_bytes(item):
        with locked_partial(item.id) as locked:
            if fail_incomplete_item(item.id, "file.withdrawn"):
                discard_partial(item, locked)
                return
        item.refresh_from_db()
    current_state(item)  # raises an error if the file was refused
    raise TusError(409, "upload.complete")


def _find_item(cookies: str, item_id: int) -> BatchItem:
    """Return the item with its batch if it belongs to the signed-in user. Raises TusError 401, 404."""
    try:
        return owner_scope(signed_in_user(cookies)).find_item(item_id)
    except NotFound as error:
        raise not_found() from error


def _open_writer(transfer: Transfer, item: BatchItem, patch: Patch) -> None:
    """Lock the partial file for this request's body. If the item was abandoned, move it back to `receiving`."""
    locked = lock_partial(item.id)
    try:
        transfer.writer = BodyWriter(
            locked, item.size, patch, partial(_reject_unsupported, item), partial(record_activity, item.batch)
        )
    except BaseException:
        locked.close()
        raise
    require_space(transfer.writer.expected)
    if not is_resumable(item):
        return
    batch = item.batch
    resume_file(item, batch.owner_id)
    item.batch = batch  # resume_file refreshed the item, which cleared its cached batch


def _reject_unsupported(item: BatchItem, locked: PartialFile) -> None:
    """If the first bytes show that the file is not supported, fail its item and raise TusError 422."""
    outcome = prefilter.reject_by_content(item, locked)
    if outcome is not None:
        finished_state(item, outcome)
