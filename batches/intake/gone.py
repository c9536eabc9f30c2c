"""Files whose bytes had come and are not here any more: deleted, lost by storage, or not sent on in time."""

from batches.engine.arrive import EXPIRED
from batches.engine.errors import GONE
from batches.models import BatchItem
from batches.states import ItemStatus

TOO_LATE = (EXPIRED, "It was not sent on in time, and what had arrived was removed. Add it again.")
DELETED = ("item.deleted", "The picture was deleted. Start a new batch to add it again.")
LOST = ("file.missing", "The stored file is gone. Start a new batch to add it again.")


def no_longer_here(item: BatchItem) -> tuple[str, str] | None:
    """Return, as a code and words, why the bytes of an ended file that had come are not here any more; None: they are.

    They are not taken into the same row again: the old key may just be removed from storage. A new batch's is another.
    """
    if item.status == ItemStatus.FAILED and item.error_code == LOST[0]:
        return LOST
    if item.upload_id is None and item.status in {ItemStatus.PENDING, ItemStatus.COMPLETED}:
        return DELETED
    return DELETED if item.status == ItemStatus.FAILED and item.error_code == GONE[0] else None
