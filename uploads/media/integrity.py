"""Detect incomplete files that decoders would accept."""

import struct
from io import SEEK_END
from typing import BinaryIO

_BLOCK = 1 << 16
# Some cameras pad files with fewer zeros than this.
_MIN_ZEROS = 1024
_END_OF_IMAGE = b"\xff\xd9"
_RIFF_HEADER = 8


class IncompleteError(ValueError):
    """The file is truncated."""


def check_riff_size(file: BinaryIO) -> None:
    """Raise IncompleteError if a WebP is shorter than its header says. Moves the position of `file`."""
    if _riff_size(file) > file.seek(0, SEEK_END):
        raise IncompleteError("truncated: the RIFF header announces more bytes")


def check_jpeg_end(file: BinaryIO, scan_start: int) -> None:
    """Raise IncompleteError if a JPEG ends in zeros without an end marker after `scan_start`.

    If space is reserved for a copy and copying is then interrupted, the file ends in zeros, which a JPEG decoder shows
    as grey blocks. This function moves the position of `file`.
    """
    end = _end_of_data(file)
    if end is not None and not _has_end_marker(file, scan_start, end):
        raise IncompleteError("truncated: zeros instead of the end of the image")


def _riff_size(file: BinaryIO) -> int:
    file.seek(0)
    header = file.read(_RIFF_HEADER)
    return int(struct.unpack("<4sI", header)[1]) + _RIFF_HEADER


def _end_of_data(file: BinaryIO) -> int | None:
    """Return where the run of zeros at the end of `file` starts, or None if it is short or missing."""
    size = position = file.seek(0, SEEK_END)
    while position > 0:
        start = max(0, position - _BLOCK)
        file.seek(start)
        rest = file.read(position - start).rstrip(b"\0")
        if rest:
            position = start + len(rest)
            break
        position = start
    return position if size - position >= _MIN_ZEROS else None


def _has_end_marker(file: BinaryIO, start: int, end: int) -> bool:
    file.seek(start)
    last = b""
    remaining = end - start
    while remaining > 0:
        block = file.read(min(_BLOCK, remaining))
        if not block:
            return False
        if _END_OF_IMAGE in last + block:
            return True
        last = block[-1:]
        remaining -= len(block)
    return False
