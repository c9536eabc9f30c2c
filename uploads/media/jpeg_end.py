"""Find where the picture in a JPEG ends if it has no end marker.

Some phones write no end marker but append other data, such as a video or, on Samsung phones, a panorama or a burst.
"""

import struct
from io import SEEK_END
from typing import BinaryIO

END_MARKER = b"\xff\xd9"
_BLOCK = 1 << 16
_TAIL = 12
"""The size of the header of a Samsung trailer's index: name, version and number of entries."""
_MAX_INDEX_BYTES = 64 * 1024
_ENTRY = struct.Struct("<2xHLL")
_FILM = b"ftyp"


def end_of_data(file: BinaryIO, start: int) -> int:
    """Return where the zeros at the end of `file` begin, but at least `start`. Moves the position of `file`.

    A zero that follows an FF counts as data, because it escapes the FF.
    """
    position = file.seek(0, SEEK_END)
    while position > start:
        begin = max(start, position - _BLOCK)
        file.seek(begin)
        block = file.read(position - begin)
        rest = block.rstrip(b"\0")
        if rest:
            end = begin + len(rest)
            return end + 1 if rest.endswith(b"\xff") and end < position else end
        position = begin
    return start


def marked_end(file: BinaryIO, start: int) -> int | None:
    """Return the end of the end marker if `file`, apart from zeros, ends with one, otherwise None."""
    end = end_of_data(file, start)
    file.seek(max(0, end - len(END_MARKER)))
    return end if file.read(len(END_MARKER)) == END_MARKER else None


def trailer_start(file: BinaryIO, start: int, end: int) -> int | None:
    """Return where a known kind of trailer begins in the range from `start` to `end`, or None.

    A Samsung trailer ends with an index, the length of the index, and "SEFT". The index consists of "SEFH", a version,
    the number of entries, and the entries. Each entry has a type, the distance from the start of its data to the index,
    and the length of its data. A video begins with the length of its first box, followed by "ftyp".
    """
    found = _samsung_trailer(file, end)
    if found is None:
        film = _find(file, _FILM, start, end)
        found = film - 4 if film is not None else None
    return found if found is not None and start < found < end else None


def end_before_samsung_trailer(file: BinaryIO) -> int:
    """Return where a Samsung trailer at the end of `file` begins, or the size of the file if there is none."""
    size = file.seek(0, SEEK_END)
    found = _samsung_trailer(file, end_of_data(file, 0))
    return found if found is not None and found > 0 else size


def _samsung_trailer(file: BinaryIO, end: int) -> int | None:
    file.seek(max(0, end - 8))
    tail = file.read(8)
    length = int.from_bytes(tail[:4], "little")
    index = end - 8 - length
    if tail[4:] != b"SEFT" or not _TAIL <= length <= _MAX_INDEX_BYTES or index < 0:
        return None
    file.seek(index)
    content = file.read(length)
    count = int.from_bytes(content[8:12], "little")
    entries = content[_TAIL : _TAIL + count * _ENTRY.size]
    if content[:4] != b"SEFH" or not entries or len(entries) % _ENTRY.size:
        return None
    return index - max(int(offset) for _kind, offset, _size in _ENTRY.iter_unpack(entries))


def _find(file: BinaryIO, wanted: bytes, start: int, end: int) -> int | None:
    """Return the position of the first `wanted` in the range from `start` to `end`."""
    file.seek(start)
    position, last = start, b""
    while position < end and (block := file.read(min(_BLOCK, end - position))):
        found = (last + block).find(wanted)
        if found >= 0:
            return position - len(last) + found
        position += len(block)
        last = block[1 - len(wanted) :]
    return None
