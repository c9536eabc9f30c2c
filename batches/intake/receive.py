"""Files that come whole, from a stream. They end as those sent by tus."""

import logging
from typing import BinaryIO

from batches.engine.arrive import refuse_item
from batches.engine.errors import BatchClosed
from batches.intake.announce import announce
from batches.intake.disk import fault_of, keep_room
from batches.intake.early import why_not
from batches.intake.ending import UNSUPPORTED, NotReceiving, Outcome, end_item, past_outcome
from batches.intake.names import FileName
from batches.intake.parts import READ_BYTES, Part, locked_part
from batches.models import BatchItem, UploadBatch
from batches.states import ItemStatus
from uploads.media.sniff import HEAD_BYTES

__all__ = ["FileName", "Outcome", "receive_file"]
logger = logging.getLogger(__name__)
CHANGED = ("file.changed", "The file changed while it was read. Add it again when it is at rest.")


class Unusable(Exception):
    """The stream cannot be taken in; in words for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def receive_file(batch: UploadBatch, name: FileName, stream: BinaryIO) -> Outcome:
    """Take one file into the batch from a stream of `name.size` bytes, in pieces of 1 MiB.

    A file that was received before is not read again. A stream that breaks or is longer or shorter than announced, and
    a disk that is full or cannot be written, refuse the file; it may be added again. Raises Refused (`batch.full`,
    `quota.exceeded`), BatchClosed, PartBusy.
    """
    item = announce(batch, name.as_new_file())
    if item.status != ItemStatus.RECEIVING:
        return past_outcome(item)
    try:
        keep_room(name.size)
        with locked_part(item.id) as part:
            return _take(item, batch.owner_id, stream, part)
    except OSError as error:
        logger.warning("The disk refused %s: %s", item, error)
        fault = fault_of(error)
        return refuse(item, fault.code, fault.message)


def _take(item: BatchItem, owner_id: int, stream: BinaryIO, part: Part) -> Outcome:
    part.truncate(0)
    try:
        copy(stream, part, item.size)
        return end_item(item, owner_id, part)
    except Unusable as error:
        part.truncate(0)
        return refuse(item, error.code, error.message)
    except OSError:
        part.truncate(0)
        raise
    except NotReceiving:
        item.refresh_from_db()
        return past_outcome(item)


def copy(stream: BinaryIO, part: Part, size: int) -> None:
    """Append the rest of a stream to a part that is then `size` bytes long. Raises Unusable, OSError of the disk.

    What is of no kind that is taken is Unusable as soon as its beginning is here.
    """
    looked_at = False
    while True:
        try:
            piece = stream.read(READ_BYTES)
        except OSError as error:
            raise Unusable("file.unreadable", f"The file cannot be read to its end: {error.strerror}.") from error
        if part.size + len(piece) > size or (not piece and part.size < size):
            raise Unusable(*CHANGED)
        if not piece:
            return
        part.append(piece)
        if not looked_at and HEAD_BYTES <= part.size < size:
            looked_at = True
            if words := why_not(part.head(HEAD_BYTES)):
                raise Unusable(UNSUPPORTED, words)


def refuse(item: BatchItem, code: str, message: str) -> Outcome:
    """Fail a file that is not kept, or say what has become of it meanwhile. Raises BatchClosed."""
    if refuse_item(item.id, code, message):
        return Outcome("refused", code, message)
    item.refresh_from_db()
    if item.status == ItemStatus.CANCELLED:
        raise BatchClosed
    return past_outcome(item)
