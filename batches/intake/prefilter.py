"""Reject unsupported files before all of their bytes are sent, so that a rejected video costs only its first bytes.

The first bytes get the same check as a complete file. A file that was rejected before is rejected before any byte.
"""

from batches.engine.incoming import NewFile, reject_item
from batches.intake.discard import discard_if_unneeded
from batches.intake.finalize import UNSUPPORTED
from batches.intake.outcome import IntakeOutcome, recorded_outcome
from batches.intake.partial_file import PartialFile
from batches.intake.register import register_file
from batches.models import BatchItem, UploadBatch
from batches.models.states import BatchKind, ItemStatus
from uploads.media.sniff import HEAD_BYTES, SUPPORTED, SUPPORTED_FORMATS, reason_unsupported, sniff

NEWEST_BATCHES = 50


def rejection_reason(head: bytes) -> str | None:
    """Return why a file with these first bytes is not supported; None if it is or may be. Pure."""
    return None if sniff(head) in SUPPORTED else reason_unsupported(head)


def reject_by_content(item: BatchItem, partial: PartialFile) -> IntakeOutcome | None:
    """Reject a file by its first HEAD_BYTES and remove its locked partial file.

    Return None if it may be supported, or if another request finished the item: the next request reports that.
    """
    message = rejection_reason(partial.head(HEAD_BYTES))
    if message is None or not reject_item(item.id, UNSUPPORTED, message):
        return None
    partial.delete()
    return IntakeOutcome("refused", UNSUPPORTED, message)


def reject_by_head(batch: UploadBatch, file: NewFile, head: bytes) -> IntakeOutcome | None:
    """Register and reject a file whose first bytes show that it is not supported.

    Return None, with nothing changed, if its bytes must be sent. For a file that was finished before, return that
    outcome. Raises what `register_file` raises, and OSError.
    """
    message = rejection_reason(head)
    if message is None:
        return None
    item = register_file(batch, file, reserve=False)
    if item.status == ItemStatus.RECEIVING and reject_item(item.id, UNSUPPORTED, message):
        discard_if_unneeded(item.id)
        return IntakeOutcome("refused", UNSUPPORTED, message)
    item.refresh_from_db()
    return None if item.status == ItemStatus.RECEIVING else recorded_outcome(item)


def reject_as_before(item: BatchItem, owner_id: int) -> IntakeOutcome | None:
    """Reject a newly registered file that was rejected in one of the owner's newest batches.

    Return None if its bytes must be sent. The rejected file must have had the same path, size and modification time,
    and its message must end with the currently supported kinds: a version that supports more kinds checks the bytes
    again. One query.
    """
    newest = UploadBatch.objects.filter(owner_id=owner_id, kind=BatchKind.IMPORT).order_by("-id")
    rejected = BatchItem.objects.filter(
        batch_id__in=newest.values("id")[:NEWEST_BATCHES],
        fingerprint=item.fingerprint,
        status=ItemStatus.FAILED,
        upload=None,
        error_code=UNSUPPORTED,
        error_message__endswith=SUPPORTED_FORMATS,
    )
    message = rejected.values_list("error_message", flat=True).first()
    if message is None or not reject_item(item.id, UNSUPPORTED, message):
        return None
    return IntakeOutcome("refused", UNSUPPORTED, message)
