"""Read the trailer that Samsung phones append to a JPEG, with a video, a panorama or a burst.

The trailer ends with an index, the length of the index, and "SEFT". The index consists of "SEFH", a version, the number
of entries, and the entries. Each entry has a type, the distance from the start of its data to the index, and the length
of its data.
"""

import struct
from dataclasses import dataclass
from typing import BinaryIO

MOTION_PHOTO = 0x0A30
"""The type of the entry that contains the video of a motion photo."""

_HEADER_BYTES = 12
_MAX_INDEX_BYTES = 64 * 1024
_ENTRY = struct.Struct("<2xHLL")


@dataclass(frozen=True, slots=True)
class TrailerEntry:
    """The type of an entry, and the range of its data in the file."""

    kind: int
    start: int
    end: int


def read_trailer(file: BinaryIO, end: int) -> list[TrailerEntry]:
    """Return the entries of the trailer that ends at `end`, or an empty list if there is no valid trailer.

    The ranges are not checked. Moves the position of `file`.
    """
    file.seek(max(0, end - 8))
    tail = file.read(8)
    length = int.from_bytes(tail[:4], "little")
    index = end - 8 - length
    if tail[4:] != b"SEFT" or not _HEADER_BYTES <= length <= _MAX_INDEX_BYTES or index < 0:
        return []
    file.seek(index)
    content = file.read(length)
    count = int.from_bytes(content[8:12], "little")
    entries = content[_HEADER_BYTES : _HEADER_BYTES + count * _ENTRY.size]
    if content[:4] != b"SEFH" or len(entries) % _ENTRY.size:
        return []
    return [
        TrailerEntry(kind, index - distance, index - distance + size)
        for kind, distance, size in _ENTRY.iter_unpack(entries)
    ]
