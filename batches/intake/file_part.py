"""Receive a file in parts, each sent in a separate form, and finalize the file once it is complete."""

from dataclasses import dataclass
from typing import BinaryIO

from batches.intake.disk_space import require_space
from batches.intake.file_name import FileName
from batches.intake.finalize import finalize_item
from batches.intake.outcome import IntakeOutcome, NotReceiving, not_receiving, recorded_outcome
from batches.intake.partial_file import PartialFile, locked_partial
from batches.intake.receive import UnreadableStream, copy_stream, reject
from batches.models import BatchItem
from batches.models.error_codes import default_message
from batches.models.states import ItemStatus


@dataclass(frozen=True, slots=True)
class FilePart:
    """`size` bytes of the file `name`, starting at `offset`."""

    name: FileName
    offset: int
    size: int
    stream: BinaryIO


@dataclass(frozen=True, slots=True)
class PartOutcome:
    """How many bytes of the file have been received, and what happened to the file once it was complete.

    `outcome` is None if the file is not complete yet; otherwise, `received` is the size of the file. If there is an
    `error`, the part was not received, and the client can send it again.
    """

    received: int
    outcome: IntakeOutcome | None = None
    error: str = ""


def receive_part(item: BatchItem, part: FilePart) -> PartOutcome:
    """Append a part to the item's file, and finalize the file if it is complete.

    A part that does not begin at the end of the bytes received so far is ignored, so the client must continue at
    `received`. After an OSError, the item still expects the rest of the file. Raises BatchClosed, PartialFileBusy,
    OSError.
    """
    if item.status != ItemStatus.RECEIVING:
        return PartOutcome(item.size, recorded_outcome(item))
    require_space(part.size)
    with locked_partial(item.id) as partial:
        return _append(item, part, partial)


def _append(item: BatchItem, part: FilePart, partial: PartialFile) -> PartOutcome:
    try:
        # Another request may have finalized the file before this one locked it. Finalizing it again would overwrite the
        # stored file.
        if not BatchItem.objects.filter(id=item.id, status=ItemStatus.RECEIVING).exists():
            raise not_receiving(item)
        if part.offset == partial.size:
            _copy(item, part, partial)
        if partial.size < item.size:
            return PartOutcome(partial.size)
        return PartOutcome(item.size, finalize_item(item, item.batch.owner_id, partial))
    except UnreadableStream as error:
        partial.truncate(0)
        return PartOutcome(item.size, reject(item, error.code, error.message))
    except NotReceiving:
        item.refresh_from_db()
        return PartOutcome(item.size, recorded_outcome(item))


def _copy(item: BatchItem, part: FilePart, partial: PartialFile) -> None:
    end = part.offset + part.size
    if end > item.size:
        raise UnreadableStream("file.changed", default_message("file.changed"))
    copy_stream(part.stream, partial, item.filename, end)
