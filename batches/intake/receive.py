"""Files that come whole, from a stream. They end as those sent by tus."""

from errno import EDQUOT, ENOSPC
from typing import BinaryIO

from batches.engine.arrive import refuse_item
from batches.engine.errors import BatchClosed
from batches.intake.announce import announce
from batches.intake.ending import NotReceiving, Outcome, end_item, past_outcome
from batches.intake.names import FileName
from batches.intake.parts import READ_BYTES, Part, locked_part
from batches.models import BatchItem, UploadBatch
from batches.states import ItemStatus

__all__ = ["FileName", "Outcome", "receive_file"]
DISK_FULL = frozenset({ENOSPC, EDQUOT})
FULL_WORDS = "The disk of the server is full. Make room there, then add the file again."


class Unusable(Exception):
    """The stream cannot be taken in; in words for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def receive_file(batch: UploadBatch, name: FileName, stream: BinaryIO) -> Outcome:
    """Take one file into the batch from a stream of `name.size` bytes, in pieces of 1 MiB.

    A file that was received before is not read again. A stream that breaks or is longer or shorter than announced, and
    a full disk, refuse the file. Raises Refused (`batch.full`), BatchClosed, PartBusy, OSError of storage.
    """
    item = announce(batch, name.as_new_file())
    if item.status != ItemStatus.RECEIVING:
        return past_outcome(item)
    with locked_part(item.id) as part:
        part.truncate(0)
        try:
            copy(stream, part, name.size)
            return end_item(item, batch.owner_id, part)
        except Unusable as error:
            part.truncate(0)
            return refuse(item, error.code, error.message)
        except NotReceiving:
            item.refresh_from_db()
            return past_outcome(item)


def copy(stream: BinaryIO, part: Part, size: int) -> None:
    """Append the rest of a stream to a part that is then `size` bytes long. Raises Unusable, OSError of the disk."""
    while True:
        try:
            piece = stream.read(READ_BYTES)
        except OSError as error:
            raise Unusable("file.unreadable", f"The file cannot be read to its end: {error.strerror}.") from error
        if part.size + len(piece) > size or (not piece and part.size < size):
            raise Unusable("file.changed", "The file changed while it was read. Add it again when it is at rest.")
        if not piece:
            return
        try:
            part.append(piece)
        except OSError as error:
            if error.errno in DISK_FULL:
                raise Unusable("storage.full", FULL_WORDS) from error
            raise


def refuse(item: BatchItem, code: str, message: str) -> Outcome:
    """Fail a file that is not kept, or say what has become of it meanwhile. Raises BatchClosed."""
    if refuse_item(item.id, code, message):
        return Outcome("refused", code, message)
    item.refresh_from_db()
    if item.status == ItemStatus.CANCELLED:
        raise BatchClosed
    return past_outcome(item)
