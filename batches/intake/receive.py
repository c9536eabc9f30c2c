"""Receive a whole file from a stream, such as a form upload, and finalize it like a file sent over tus."""

from typing import BinaryIO

from batches.engine.incoming import reject_item
from batches.engine.refusals import BatchClosed
from batches.intake.disk_space import disk_error_code, require_space
from batches.intake.file_name import FileName
from batches.intake.finalize import UNSUPPORTED, finalize_item
from batches.intake.outcome import IntakeOutcome, NotReceiving, recorded_outcome
from batches.intake.partial_file import READ_BYTES, PartialFile, locked_partial
from batches.intake.prefilter import rejection_reason
from batches.intake.register import register_file
from batches.models import BatchItem, UploadBatch
from batches.models.error_codes import default_message
from batches.models.states import ItemStatus
from uploads.errors import CodedError
from uploads.media.sniff import HEAD_BYTES


class UnreadableStream(CodedError):
    """The stream cannot be read, does not have the announced length, or contains an unsupported file."""


def receive_file(batch: UploadBatch, name: FileName, stream: BinaryIO) -> IntakeOutcome:
    """Receive one file into the batch from a stream of `name.size` bytes, in pieces of 1 MiB.

    A file that was received earlier is not read again. The file is rejected, but may be added again, if the stream
    fails or does not have the announced length, or if the server's disk is full or not writable. Raises Refused
    (`batch.full`, `quota.exceeded`), BatchClosed, PartialFileBusy.
    """
    item = register_file(batch, name.as_new_file())
    if item.status != ItemStatus.RECEIVING:
        return recorded_outcome(item)
    try:
        require_space(name.size)
        with locked_partial(item.id) as partial:
            return _receive(item, batch.owner_id, stream, partial)
    except OSError as error:
        return reject_for_disk(item, error)


def _receive(item: BatchItem, owner_id: int, stream: BinaryIO, partial: PartialFile) -> IntakeOutcome:
    partial.truncate(0)
    try:
        copy_stream(stream, partial, item.filename, item.size)
        return finalize_item(item, owner_id, partial)
    except UnreadableStream as error:
        partial.truncate(0)
        return reject(item, error.code, error.message)
    except OSError:
        partial.truncate(0)
        raise
    except NotReceiving:
        item.refresh_from_db()
        return recorded_outcome(item)


def copy_stream(stream: BinaryIO, partial: PartialFile, name: str, size: int) -> None:
    """Append the rest of a stream until the partial file has `size` bytes. Raises UnreadableStream, OSError.

    If the first bytes show that the file is not supported, UnreadableStream is raised without reading the rest.
    """
    checked = False
    while True:
        try:
            piece = stream.read(READ_BYTES)
        except OSError as error:
            raise unreadable(error) from error
        if partial.size + len(piece) > size or (not piece and partial.size < size):
            raise UnreadableStream("file.changed", default_message("file.changed"))
        if not piece:
            return
        partial.append(piece)
        if not checked and HEAD_BYTES <= partial.size < size:
            checked = True
            if message := rejection_reason(name, size, partial.head(HEAD_BYTES)):
                raise UnreadableStream(UNSUPPORTED, message)


def unreadable(error: OSError) -> UnreadableStream:
    """Return the error for a source file that cannot be read."""
    return UnreadableStream("file.unopened", default_message("file.unopened", reason=error.strerror))


def reject(item: BatchItem, code: str, message: str) -> IntakeOutcome:
    """Fail the item, or return its recorded outcome if another request has already finished it. Raises BatchClosed."""
    if reject_item(item.id, code, message):
        return IntakeOutcome("refused", code, message)
    item.refresh_from_db()
    if item.status == ItemStatus.CANCELLED:
        raise BatchClosed
    return recorded_outcome(item)


def reject_for_disk(item: BatchItem, error: OSError) -> IntakeOutcome:
    """Fail the item because the server's disk failed. Returns and raises the same as `reject`."""
    code = disk_error_code(error)
    return reject(item, code, default_message(code))
