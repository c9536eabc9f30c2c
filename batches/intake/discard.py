"""Discard partial files that are no longer needed.

`discard_if_unneeded` locks the partial file before it reads the item's row. A row read earlier may be stale, because
the client may have registered the file again and may be writing to the partial file.
"""

import logging
from contextlib import suppress
from itertools import islice

from batches.engine.incoming import is_resumable
from batches.intake.partial_file import PartialFile, PartialFileBusy, locked_partial
from batches.intake.partial_paths import partial_exists
from batches.models import BatchItem
from batches.models.states import BatchStatus, ItemStatus
from batches.models.storage_key import storage_key
from uploads.models import Upload
from uploads.outage_log import OutageLog
from uploads.storage import delete_files

logger = logging.getLogger(__name__)
discard_outage = OutageLog(
    logger, "Partial files cannot be removed and will be retried: %s", "Partial files can be removed again."
)
MAX_CANCELLED = 1000


def expects_bytes(item: BatchItem) -> bool:
    """Return whether the item accepts more bytes: it is `receiving`, or its upload stopped but can be resumed."""
    return item.status == ItemStatus.RECEIVING or is_resumable(item)


def clear_stale_partial(item_id: int) -> None:
    """Empty the partial file if one already exists under a new item's id.

    This can happen because a restored database assigns the same ids again. Call this before the item's row is
    committed. Raises PartialFileBusy, or OSError if the file cannot be emptied.
    """
    try:
        stale = partial_exists(item_id)
    except OSError:
        return  # if the folder cannot be read, writing to it fails too, and the writer reports the error
    if stale:
        with locked_partial(item_id) as partial:
            partial.truncate(0)


def discard_if_unneeded(item_id: int) -> None:
    """Remove an item's partial file if the item expects no more bytes or its batch is cancelled. Raises OSError.

    If another request has locked the partial file, that request or the cleanup will remove it.
    """
    if not partial_exists(item_id):
        return
    with suppress(PartialFileBusy), locked_partial(item_id) as partial:
        item = BatchItem.objects.select_related("batch").filter(id=item_id).first()
        if item is None or item.batch.status == BatchStatus.CANCELLED or not expects_bytes(item):
            discard_partial(item, partial)


def discard_cancelled(batch_id: int) -> None:
    """Remove up to MAX_CANCELLED partial files of a cancelled batch; the cleanup removes the rest."""
    # A missing item without `finished_at` has no partial file.
    finished = BatchItem.objects.filter(batch_id=batch_id, upload=None, finished_at__isnull=False)
    try:
        for item_id in islice(filter(partial_exists, finished.values_list("id", flat=True)), MAX_CANCELLED):
            discard_if_unneeded(item_id)
    except OSError as error:
        discard_outage.report(error)


def discard_partial(item: BatchItem | None, partial: PartialFile) -> bool:
    """Remove a locked partial file, and the original if a crash left one in storage without an Upload row.

    Only the holder of the lock may store a file under the item's key, so no other request can be using that key. If the
    storage is unavailable, return False and keep the partial file, so that the cleanup can try again. If `item` is
    None, no original is removed here, because the deletion of its batch removes the stored files. Raises OSError if the
    partial file cannot be removed.
    """
    if item is not None and partial.size == item.size:
        key = storage_key(item.id)
        try:
            if not Upload.objects.filter(key=key).exists():
                delete_files(key, {})
        except OSError as error:
            discard_outage.report(error)
            return False
    partial.delete()
    discard_outage.report(None)
    return True
