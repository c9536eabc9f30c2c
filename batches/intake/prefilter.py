"""Files that are refused before all of their bytes are here, so that a film costs no more than its beginning.

The first bytes decide, by the same gate as at the end; and where not even they have come, an earlier refusal does.
"""

from batches.engine.incoming import NewFile, reject_item
from batches.intake.discard import discard_if_unneeded
from batches.intake.finalize import UNSUPPORTED, IntakeOutcome, recorded_outcome
from batches.intake.partial_file import PartialFile
from batches.intake.register import register_file
from batches.models import BatchItem, UploadBatch
from batches.models.states import BatchKind, ItemStatus
from uploads.media.sniff import HEAD_BYTES, SUPPORTED, SUPPORTED_FORMATS, reason_unsupported, sniff

NEWEST = 50


def rejection_reason(head: bytes) -> str | None:
    """Return in words why a file that begins so is not taken; None when it may be. Pure."""
    return None if sniff(head) in SUPPORTED else reason_unsupported(head)


def reject_by_content(item: BatchItem, part: PartialFile) -> IntakeOutcome | None:
    """Refuse a file by what has come of it, and remove its locked part; None: send on.

    HEAD_BYTES of it are here. None also when the item was ended by somebody else: the next request says so.
    """
    words = rejection_reason(part.head(HEAD_BYTES))
    if words is None or not reject_item(item.id, UNSUPPORTED, words):
        return None
    part.delete()
    return IntakeOutcome("refused", UNSUPPORTED, words)


def reject_by_head(batch: UploadBatch, file: NewFile, head: bytes) -> IntakeOutcome | None:
    """Announce and refuse a file whose first bytes say that it is not taken; None: its bytes must be sent.

    Only then is anything changed. A file that had its end before says what that was. Raises as `announce`, and OSError.
    """
    words = rejection_reason(head)
    if words is None:
        return None
    item = register_file(batch, file, counted=False)
    if item.status == ItemStatus.RECEIVING and reject_item(item.id, UNSUPPORTED, words):
        discard_if_unneeded(item.id)
        return IntakeOutcome("refused", UNSUPPORTED, words)
    item.refresh_from_db()
    return None if item.status == ItemStatus.RECEIVING else recorded_outcome(item)


def reject_as_before(item: BatchItem, owner_id: int) -> IntakeOutcome | None:
    """Refuse a file just announced of which the same owner's newest batches hold a refused copy; None: send its bytes.

    The same path, size and time of change, and words that name the kinds that are taken today: a program that takes
    more of them looks at the bytes anew.
    """
    newest = UploadBatch.objects.filter(owner_id=owner_id, kind=BatchKind.IMPORT).order_by("-id")
    before = BatchItem.objects.filter(
        batch_id__in=newest.values("id")[:NEWEST],
        fingerprint=item.fingerprint,
        status=ItemStatus.FAILED,
        upload=None,
        error_code=UNSUPPORTED,
        error_message__endswith=SUPPORTED_FORMATS,
    )
    words = before.values_list("error_message", flat=True).first()
    if words is None or not reject_item(item.id, UNSUPPORTED, words):
        return None
    return IntakeOutcome("refused", UNSUPPORTED, words)
