"""The outcome of adding a file, the same type for every way of adding."""

from dataclasses import dataclass
from typing import Literal

from batches.engine.refusals import BatchClosed
from batches.intake.partial_file import PartialFileBusy
from batches.models import BatchItem
from batches.models.error_codes import default_message
from batches.models.states import ItemStatus


@dataclass(frozen=True, slots=True)
class IntakeOutcome:
    """`queued` for processing, `known` (the owner already has these bytes) or `refused`, with a code and a message."""

    state: Literal["queued", "known", "refused"]
    code: str = ""
    message: str = ""


class NotReceiving(Exception):
    """Another request finished the item first: it is completed, failed or cancelled."""


def recorded_outcome(item: BatchItem) -> IntakeOutcome:
    """Return the outcome of an item that is no longer receiving.

    Raises BatchClosed if it is cancelled, PartialFileBusy if it is being received again.
    """
    if item.status == ItemStatus.CANCELLED:
        raise BatchClosed
    if item.status == ItemStatus.RECEIVING:
        raise PartialFileBusy
    unavailable = unavailable_reason(item)
    if unavailable:
        return IntakeOutcome("refused", *unavailable)
    if item.status == ItemStatus.FAILED and item.upload_id is None:
        return IntakeOutcome("refused", item.error_code, item.error_message)
    return IntakeOutcome("known" if item.duplicate else "queued")


def unavailable_reason(item: BatchItem) -> tuple[str, str] | None:
    """Return code and message if a file that was received is no longer stored (deleted, or lost by storage), else None.

    Its bytes are not accepted into the same row again, because the old key may be about to be deleted from storage.
    A new batch uses another key.
    """
    if item.status == ItemStatus.FAILED:
        code = {"file.missing": "file.missing", "item.gone": "item.deleted"}.get(item.error_code)
    elif item.upload_id is None and item.status in {ItemStatus.PENDING, ItemStatus.COMPLETED}:
        code = "item.deleted"
    else:
        code = None
    return (code, default_message(code)) if code else None
