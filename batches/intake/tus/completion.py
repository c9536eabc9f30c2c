"""Determine the state of an upload, and finalize it once all of its bytes have arrived.

If the upload is complete, call these functions on a finalize thread, because storing the file may take a long time.
"""

from batches.engine.incoming import is_resumable
from batches.engine.refusals import BatchClosed, FileRefused
from batches.intake.discard import discard_if_unneeded, expects_bytes
from batches.intake.finalize import finalize_item
from batches.intake.outcome import NotReceiving, recorded_outcome
from batches.intake.partial_file import PartialFile, locked_partial
from batches.intake.partial_paths import partial_facts, partial_size
from batches.intake.register import resume_file
from batches.intake.tus.protocol_error import TusError, busy, not_found
from batches.intake.tus.state import UploadState, accepts_bytes, finished_state, incomplete_state, refuse_expired
from batches.models import BatchItem
from batches.models.states import BatchStatus


def is_complete(item: BatchItem) -> bool:
    """Return whether the item has a partial file that contains all bytes."""
    return item.size > 0 and partial_size(item.id) >= item.size


def current_state(item: BatchItem) -> UploadState:
    """Return the upload's state. If a crash left a complete partial file behind, finalize it first.

    Raises BatchClosed, PartialFileBusy, and what `finished_state`, `refuse_expired` and `finalize_upload` raise.
    """
    if not accepts_bytes(item):
        discard_if_unneeded(item.id)  # a crash after the commit may have left the partial file behind
        if item.batch.status == BatchStatus.CANCELLED:
            raise BatchClosed
        return finished_state(item, recorded_outcome(item))
    facts = partial_facts(item.id)
    refuse_expired(item, facts)
    if facts is None or facts.size < item.size:
        return incomplete_state(item, facts)
    with locked_partial(item.id) as locked:
        if locked.size == item.size:
            return finalize_upload(item, locked)
    # Another request finalized or emptied the partial file before this one locked it.
    _refresh(item)
    if expects_bytes(item):
        return incomplete_state(item, partial_facts(item.id))
    return finished_state(item, recorded_outcome(item))


def finalize_upload(item: BatchItem, locked: PartialFile) -> UploadState:
    """Finalize a complete partial file. Raises TusError 404, 410, 413, 422 or 423, and what `finalize_item` raises."""
    owner_id = item.batch.owner_id
    for _ in range(2):
        try:
            if is_resumable(item):
                resume_file(item, owner_id)  # the item was abandoned while its last bytes were being received
            return finished_state(item, finalize_item(item, owner_id, locked))
        except FileRefused as error:
            raise TusError(413, error.code, error.message) from error
        except NotReceiving:
            _refresh(item)
            if not expects_bytes(item):
                return finished_state(item, recorded_outcome(item))
    raise busy()


def _refresh(item: BatchItem) -> None:
    """Read the item again. Raises TusError 404 if its batch was deleted while the request ran."""
    try:
        item.refresh_from_db()
    except BatchItem.DoesNotExist as error:
        raise not_found() from error
