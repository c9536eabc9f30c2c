"""Detect incomplete files that decoders accept."""

import struct
from io import SEEK_END
from typing import BinaryIO

_RIFF_HEADER = 8


class IncompleteError(ValueError):
    """The file is truncated."""


def check_riff_size(file: BinaryIO) -> None:
    """Raise IncompleteError if a WebP is shorter than its header says. Moves the position of `file`."""
    if _riff_size(file) > file.seek(0, SEEK_END):
        raise IncompleteError("truncated: the RIFF header announces more bytes")


def _riff_size(file: BinaryIO) -> int:
    file.seek(0)
    header = file.read(_RIFF_HEADER)
    return int(struct.unpack("<4sI", header)[1]) + _RIFF_HEADER
