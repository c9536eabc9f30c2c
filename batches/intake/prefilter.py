"""Reject unsupported files early, so that a client does not send a whole video only to have it rejected.

The first bytes get the same check as a complete file. A file that was rejected earlier is rejected again before the
client sends any bytes.
"""

from batches.engine.incoming import NewFile, reject_item
from batches.intake.discard import discard_if_unneeded
from batches.intake.finalize import UNSUPPORTED
from batches.intake.outcome import IntakeOutcome, recorded_outcome
from batches.intake.partial_file import PartialFile
from batches.intake.register import register_file
from batches.models import BatchItem, UploadBatch
from batches.models.states import BatchKind, ItemStatus
from uploads.media.formats import SUPPORTED, SUPPORTED_FORMATS, unsupported
from uploads.media.sniff import ARCHIVES, HEAD_BYTES, name_type, sniff
from uploads.sidecars.recognise import sidecar_kind

NEWEST_BATCHES = 50


def rejection_reason(name: str, size: int, head: bytes) -> str | None:
    """Return why a file with these first bytes is not supported, or None if it is supported. No I/O."""
    if sidecar_kind(name, size, head):
        return None
    return None if sniff(head) in SUPPORTED | ARCHIVES else unsupported(name_type(head)).message


def reject_by_content(item: BatchItem, partial: PartialFile) -> IntakeOutcome | None:
    """Reject a file if its first HEAD_BYTES show that it is not supported, and remove its locked partial file.

    Return None if the file is not rejected: it is supported, or another request has finished the item. In the second
    case, the next request reports the outcome.
    """
    message = rejection_reason(item.filename, item.size, partial.head(HEAD_BYTES))
    if message is None or not reject_item(item.id, UNSUPPORTED, message):
        return None
    partial.delete()
    return IntakeOutcome("refused", UNSUPPORTED, message)


def reject_by_head(batch: UploadBatch, file: NewFile, head: bytes) -> IntakeOutcome | None:
    """Register and reject a file whose first bytes show that it is not supported.

    Return None if the client must send the file. If the file was finished earlier, return its recorded outcome. Raises
    OSError and the errors of `register_file` and `recorded_outcome`.
    """
    message = rejection_reason(file.filename, file.size, head)
    if message is None:
        return None
    item = register_file(batch, file, reserve=False, remote=True)
    if item.status == ItemStatus.RECEIVING and reject_item(item.id, UNSUPPORTED, message):
        discard_if_unneeded(item.id)
        return IntakeOutcome("refused", UNSUPPORTED, message)
    item.refresh_from_db()
    return None if item.status == ItemStatus.RECEIVING else recorded_outcome(item)


def reject_as_before(item: BatchItem, owner_id: int) -> IntakeOutcome | None:
    """Reject a newly registered file that was rejected in one of the owner's newest batches.

    Return None if the client must send the file. The earlier file must have had the same path, size and modification
    time, and its error message must end with the formats supported now. After a release that supports other formats,
    the message no longer matches, so the bytes are checked again. Looks up the earlier file in one query.
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
