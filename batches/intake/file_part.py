"""Receive a file in parts, each in a form of its own, and finalize it once it is complete."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from batches.intake.disk_space import require_space
from batches.intake.file_name import FileName
from batches.intake.finalize import finalize_item
from batches.intake.outcome import IntakeOutcome, NotReceiving, recorded_outcome
from batches.intake.partial_file import PartialFile, locked_partial
from batches.intake.receive import UnreadableStream, copy_stream, reject, reject_for_disk
from batches.models import BatchItem
from batches.models.error_codes import default_message
from batches.models.states import ItemStatus
from uploads.media.sniff import HEAD_BYTES


@dataclass(frozen=True, slots=True)
class FilePart:
    """`size` bytes of the file `name`, from `offset` on."""

    name: FileName
    offset: int
    size: int
    stream: BinaryIO


@dataclass(frozen=True, slots=True)
class PartOutcome:
    """How many bytes of the file have been received, and what happened to it; None if it is not complete yet."""

    received: int
    outcome: IntakeOutcome | None = None


def receive_part(item: BatchItem, part: FilePart, check: Callable[[bytes], None]) -> PartOutcome:
    """Append a part to the item's file, and finalize the file if it is complete.

    A part that does not begin where the file ends is ignored, so the client must continue at `received`. `check` is
    called with the first bytes of the file, and raises UnreadableStream to reject it. Raises BatchClosed,
    PartialFileBusy.
    """
    if item.status != ItemStatus.RECEIVING:
        return PartOutcome(item.size, recorded_outcome(item))
    try:
        require_space(item.size if not part.offset else 0)
        with locked_partial(item.id) as partial:
            return _append(item, part, partial, check)
    except OSError as error:
        return PartOutcome(item.size, reject_for_disk(item, error))


def _append(item: BatchItem, part: FilePart, partial: PartialFile, check: Callable[[bytes], None]) -> PartOutcome:
    try:
        if part.offset == partial.size:
            _copy(item, part, partial)
        if partial.size < item.size:
            return PartOutcome(partial.size)
        check(partial.head(HEAD_BYTES))
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
