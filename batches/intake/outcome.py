"""The outcome of adding a file: one type for tus, the form and local files."""

from dataclasses import dataclass
from typing import Literal

from batches.engine.incoming import ignore_item, reject_item
from batches.engine.refusals import BatchClosed
from batches.intake.partial_file import PartialFileBusy
from batches.models import BatchItem
from batches.models.error_codes import default_message
from batches.models.states import ItemResult, ItemStatus

EXPIRED = "upload.expired"
PICTURE_RESULTS = frozenset({ItemResult.NEW, ItemResult.DUPLICATE})


@dataclass(frozen=True, slots=True)
class IntakeOutcome:
    """What happened to a file.

    It was `queued` for processing, is a `duplicate` (the owner already has the bytes) or a `sidecar`, or was `ignored`
    or `refused` with a code.
    """

    state: Literal["queued", "duplicate", "sidecar", "ignored", "refused"]
    code: str = ""
    message: str = ""


class NotReceiving(Exception):
    """The item is no longer `receiving`, because another request has queued, finished or cancelled it."""


def not_receiving(item: BatchItem) -> Exception:
    """Return NotReceiving if the item is no longer `receiving`, or BatchClosed if it was deleted with its batch."""
    return NotReceiving() if BatchItem.objects.filter(id=item.id).exists() else BatchClosed()


def reject_received(item: BatchItem, sha256: str, code: str, message: str) -> IntakeOutcome:
    """Fail an item whose bytes have all arrived. Raises NotReceiving, BatchClosed."""
    if not reject_item(item.id, code, message, sha256, item.claim):
        raise not_receiving(item)
    return IntakeOutcome("refused", code, message)


def ignore_received(item: BatchItem, sha256: str, code: str) -> IntakeOutcome:
    """Ignore an item whose bytes have all arrived. Raises NotReceiving, BatchClosed."""
    if not ignore_item(item.id, code, sha256, item.claim):
        raise not_receiving(item)
    return IntakeOutcome("ignored", code, default_message(code))


def recorded_outcome(item: BatchItem) -> IntakeOutcome:
    """Return the outcome of an item that is no longer `receiving`.

    Raises BatchClosed if the item is cancelled, or PartialFileBusy if it is `receiving` again.
    """
    if item.status == ItemStatus.CANCELLED:
        raise BatchClosed
    if item.status == ItemStatus.RECEIVING:
        raise PartialFileBusy
    if item.status == ItemStatus.MISSING:
        return IntakeOutcome("refused", EXPIRED, default_message(EXPIRED))
    unavailable = unavailable_reason(item)
    if unavailable:
        return IntakeOutcome("refused", *unavailable)
    if item.status == ItemStatus.IGNORED and item.sha256:
        return IntakeOutcome("ignored", item.error_code, item.error_message)
    if item.status == ItemStatus.IGNORED or (item.status == ItemStatus.FAILED and item.upload_id is None):
        return IntakeOutcome("refused", item.error_code, item.error_message)
    if item.result == ItemResult.SIDECAR:
        return IntakeOutcome("sidecar")
    return IntakeOutcome("duplicate" if item.result == ItemResult.DUPLICATE else "queued")


def unavailable_reason(item: BatchItem) -> tuple[str, str] | None:
    """Return a code and message if a received file was deleted or has gone missing from storage; otherwise None.

    The item does not accept the bytes again, because the storage may be about to delete the file under the item's key.
    To add the file again, the user starts a new batch, in which the file's item has another key.
    """
    if item.status == ItemStatus.FAILED:
        code = {"file.missing": "file.missing", "item.gone": "item.deleted"}.get(item.error_code)
    elif item.upload_id is None and (item.status == ItemStatus.PENDING or item.result in PICTURE_RESULTS):
        code = "item.deleted"
    else:
        code = None
    return (code, default_message(code)) if code else None
