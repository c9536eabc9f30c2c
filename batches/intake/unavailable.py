"""Files whose bytes had come and are not here any more: deleted, lost by storage, or not sent on in time."""

from batches.engine.receive import EXPIRED
from batches.engine.refusals import PICTURE_DELETED
from batches.models import BatchItem
from batches.models.states import ItemStatus

EXPIRED_REASON = (EXPIRED, "It was not sent on in time, and what had arrived was removed. Add it again.")
DELETED_REASON = ("item.deleted", "The picture was deleted. Start a new batch to add it again.")
LOST_REASON = ("file.missing", "The stored file is gone. Start a new batch to add it again.")


def unavailable_reason(item: BatchItem) -> tuple[str, str] | None:
    """Return, as a code and words, why the bytes of an ended file that had come are not here any more; None: they are.

    They are not taken into the same row again: the old key may just be removed from storage. A new batch's is another.
    """
    if item.status == ItemStatus.FAILED and item.error_code == LOST_REASON[0]:
        return LOST_REASON
    if item.upload_id is None and item.status in {ItemStatus.PENDING, ItemStatus.COMPLETED}:
        return DELETED_REASON
    return DELETED_REASON if item.status == ItemStatus.FAILED and item.error_code == PICTURE_DELETED[0] else None
