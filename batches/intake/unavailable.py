"""Files whose bytes arrived once and are no longer stored: deleted, or lost by storage."""

from batches.models import BatchItem
from batches.models.error_codes import default_message
from batches.models.states import ItemStatus


def unavailable_reason(item: BatchItem) -> tuple[str, str] | None:
    """Return, as a code and message, why the bytes of a finished item are no longer stored; None if they are.

    They are not received into the same row again: its old key may just be removed from storage. A new batch gets a new
    key.
    """
    code = _unavailable_code(item)
    return (code, default_message(code)) if code else None


def _unavailable_code(item: BatchItem) -> str | None:
    if item.status == ItemStatus.FAILED:
        return {"file.missing": "file.missing", "item.gone": "item.deleted"}.get(item.error_code)
    deleted = item.upload_id is None and item.status in {ItemStatus.PENDING, ItemStatus.COMPLETED}
    return "item.deleted" if deleted else None
