"""Parts that nobody needs any more go in one way only: under their lock, by what the file's row says then.

A row that was read before the lock is old news. The file may have been announced anew since, and what would be unlinked
is what its sender is writing just now.
"""

import logging
from contextlib import suppress
from itertools import islice

from batches.engine.incoming import is_resumable
from batches.intake.partial_file import PartialFile, locked_partial
from batches.intake.partial_lock import PartialFileBusy
from batches.intake.partial_paths import partial_exists
from batches.models import BatchItem
from batches.models.states import FINISHED_ITEMS, BatchStatus, ItemStatus
from batches.models.storage_key import storage_key
from uploads.models import Upload
from uploads.storage import delete_files

logger = logging.getLogger(__name__)
MOST_AT_ONCE = 1000


def expects_bytes(item: BatchItem) -> bool:
    """Whether more bytes of it are taken: it is being received, or was given up and has not expired."""
    return item.status == ItemStatus.RECEIVING or is_resumable(item)


def clear_stale_partial(item_id: int) -> None:
    """Empty what lies under the number of a new file: numbers come again after a database was put back.

    Call it before anybody can see the file's row. Raises PartBusy, and OSError when the part cannot be emptied.
    """
    try:
        left = partial_exists(item_id)
    except OSError:
        return  # a folder that cannot be looked into takes no bytes either: who brings them says so
    if left:
        with locked_partial(item_id) as part:
            part.truncate(0)


def discard_if_unneeded(item_id: int) -> None:
    """Remove the part of a file, unless the file is still awaited.

    A part that another request holds stays: that one finds out by itself, or else the sweep does. Raises OSError.
    """
    if not partial_exists(item_id):
        return
    with suppress(PartialFileBusy), locked_partial(item_id) as part:
        item = BatchItem.objects.select_related("batch").filter(id=item_id).first()
        if item is None or item.batch.status == BatchStatus.CANCELLED or not expects_bytes(item):
            discard_partial(item, part)


def discard_cancelled(batch_id: int) -> None:
    """Remove the parts of a batch that was cancelled, up to MOST_AT_ONCE; the sweep meets the rest."""
    ended = BatchItem.objects.filter(batch_id=batch_id, upload=None, status__in=FINISHED_ITEMS)
    try:
        for item_id in islice(filter(partial_exists, ended.values_list("id", flat=True)), MOST_AT_ONCE):
            discard_if_unneeded(item_id)
    except OSError as error:
        logger.warning("Parts of batch %d stay for now: %s", batch_id, error)


def discard_partial(item: BatchItem | None, part: PartialFile) -> bool:
    """Remove a locked part, and what a crash left in storage between the storing of a whole file and its row.

    Only who holds the lock stores under the item's key, so no other request is at it. False: the storage is away, the
    part stays for the sweep. The deletion of a batch sees to the keys of its items itself. Raises OSError of the part.
    """
    if item is not None and part.size == item.size:
        key = storage_key(item.id)
        try:
            if not Upload.objects.filter(key=key).exists():
                delete_files(key, {})
        except OSError as error:
            logger.warning("The part of file %d stays for now, its storage is away: %s", item.id, error)
            return False
    part.delete()
    return True
