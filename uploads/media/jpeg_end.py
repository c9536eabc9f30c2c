"""Find the end of the picture in a JPEG that has no end marker.

Some phones write no end marker but append other data, such as a video or, on Samsung phones, a panorama or a burst.
"""

from io import SEEK_END
from typing import BinaryIO

from uploads.media.samsung_trailer import read_trailer

END_MARKER = b"\xff\xd9"
_BLOCK = 1 << 16
_FILM = b"ftyp"


def end_of_data(file: BinaryIO, start: int) -> int:
    """Return the start of the trailing zeros of `file`, but at least `start`. Moves the position of `file`.

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
    """Return the end of the end marker if `file` ends with one, with or without zeros after it, otherwise None."""
    end = end_of_data(file, start)
    file.seek(max(0, end - len(END_MARKER)))
    return end if file.read(len(END_MARKER)) == END_MARKER else None


def trailer_start(file: BinaryIO, start: int, end: int) -> int | None:
    """Return where a known kind of trailer begins in the range from `start` to `end`, or None.

    Known trailers are Samsung's, and videos. A video begins with the length of its first box, followed by "ftyp".
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
    """Return where the Samsung trailer that ends at `end` begins, or None if there is none."""
    return min((entry.start for entry in read_trailer(file, end)), default=None)


def _find(file: BinaryIO, wanted: bytes, start: int, end: int) -> int | None:
    """Return the position of the first occurrence of `wanted` in the range from `start` to `end`."""
    file.seek(start)
    position, last = start, b""
    while position < end and (block := file.read(min(_BLOCK, end - position))):
        found = (last + block).find(wanted)
        if found >= 0:
            return position - len(last) + found
        position += len(block)
        last = block[1 - len(wanted) :]
    return None
