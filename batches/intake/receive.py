"""Files that come whole, from a stream. They end as those sent by tus."""

import logging
from typing import BinaryIO

from batches.engine.incoming import reject_item
from batches.engine.refusals import BatchClosed
from batches.intake.disk_space import disk_fault, require_space
from batches.intake.file_name import FileName
from batches.intake.finalize import UNSUPPORTED, IntakeOutcome, NotReceiving, finalize_item, recorded_outcome
from batches.intake.partial_file import READ_BYTES, PartialFile, locked_partial
from batches.intake.prefilter import rejection_reason
from batches.intake.register import register_file
from batches.models import BatchItem, UploadBatch
from batches.models.states import ItemStatus
from uploads.errors import CodedError
from uploads.media.sniff import HEAD_BYTES

logger = logging.getLogger(__name__)
CHANGED = ("file.changed", "The file changed while it was read. Add it again when it is at rest.")


class UnreadableStream(CodedError):
    """The stream cannot be read as announced."""


def receive_file(batch: UploadBatch, name: FileName, stream: BinaryIO) -> IntakeOutcome:
    """Take one file into the batch from a stream of `name.size` bytes, in pieces of 1 MiB.

    A file that was received before is not read again. A stream that breaks or is longer or shorter than announced, and
    a disk that is full or cannot be written, refuse the file; it may be added again. Raises Refused (`batch.full`,
    `quota.exceeded`), BatchClosed, PartBusy.
    """
    item = register_file(batch, name.as_new_file())
    if item.status != ItemStatus.RECEIVING:
        return recorded_outcome(item)
    try:
        require_space(name.size)
        with locked_partial(item.id) as part:
            return _take(item, batch.owner_id, stream, part)
    except OSError as error:
        logger.warning("The disk refused %s: %s", item, error)
        fault = disk_fault(error)
        return reject(item, fault.code, fault.message)


def _take(item: BatchItem, owner_id: int, stream: BinaryIO, part: PartialFile) -> IntakeOutcome:
    part.truncate(0)
    try:
        copy_stream(stream, part, item.size)
        return finalize_item(item, owner_id, part)
    except UnreadableStream as error:
        part.truncate(0)
        return reject(item, error.code, error.message)
    except OSError:
        part.truncate(0)
        raise
    except NotReceiving:
        item.refresh_from_db()
        return recorded_outcome(item)


def copy_stream(stream: BinaryIO, part: PartialFile, size: int) -> None:
    """Append the rest of a stream to a part that is then `size` bytes long. Raises Unusable, OSError of the disk.

    What is of no kind that is taken is Unusable as soon as its beginning is here.
    """
    last_seen_at = False
    while True:
        try:
            piece = stream.read(READ_BYTES)
        except OSError as error:
            raise UnreadableStream(
                "file.unreadable", f"The file cannot be read to its end: {error.strerror}."
            ) from error
        if part.size + len(piece) > size or (not piece and part.size < size):
            raise UnreadableStream(*CHANGED)
        if not piece:
            return
        part.append(piece)
        if not last_seen_at and HEAD_BYTES <= part.size < size:
            last_seen_at = True
            if words := rejection_reason(part.head(HEAD_BYTES)):
                raise UnreadableStream(UNSUPPORTED, words)


def reject(item: BatchItem, code: str, message: str) -> IntakeOutcome:
    """Fail a file that is not kept, or say what has become of it meanwhile. Raises BatchClosed."""
    if reject_item(item.id, code, message):
        return IntakeOutcome("refused", code, message)
    item.refresh_from_db()
    if item.status == ItemStatus.CANCELLED:
        raise BatchClosed
    return recorded_outcome(item)
