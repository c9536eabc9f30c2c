"""Find boxes in ISO base media files, such as HEIC, AVIF, CR3, JPEG XL, MP4 and MOV (ISO/IEC 14496-12, 4.2).

All functions that take an open file move its position.
"""

from collections.abc import Iterator
from io import SEEK_END
from pathlib import Path
from typing import BinaryIO

from uploads.errors import PermanentError

MAX_BOXES = 10_000
"""Maximum number of boxes to read on one level. Fragmented videos may have more."""
_MAX_VIDEO_BOXES = 100_000

Range = tuple[int, int]


def read_boxes(file: BinaryIO, start: int, end: int, max_boxes: int = MAX_BOXES) -> Iterator[tuple[bytes, int, int]]:
    """Yield the name of each box between `start` and `end` of `file`, with the start and end of its content.

    The end is computed from the size that the box states. If the file is truncated, the end may be beyond `end`.
    """
    position = start
    for _ in range(max_boxes):
        file.seek(position)
        head = file.read(min(16, max(0, end - position)))
        if len(head) < 8:
            return
        size, content = int.from_bytes(head[:4], "big"), position + 8
        if size == 1 and len(head) == 16:
            size, content = int.from_bytes(head[8:], "big"), position + 16
        stop = end if size == 0 else position + size
        if stop < content:
            return
        yield head[4:8], content, stop
        position = stop


def list_boxes(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield what `read_boxes` yields, but limit the end of each content to `end`."""
    for name, content, stop in read_boxes(file, start, end):
        yield name, content, min(stop, end)


def find_box(file: BinaryIO, path: tuple[bytes, ...], start: int, end: int) -> Range | None:
    """Return the content range of the first box at `path` (names from the outer to the inner box), or None."""
    for name, content, stop in list_boxes(file, start, end):
        if name == path[0]:
            return (content, stop) if len(path) == 1 else find_box(file, path[1:], content, stop)
    return None


def check_complete(path: Path) -> None:
    """Check that a video has all its media data and its index.

    Raises PermanentError `video.truncated` if the media data or the index is cut off, or if the index is missing.
    """
    ends: dict[bytes, int] = {}
    with path.open("rb") as file:
        length = file.seek(0, SEEK_END)
        for name, _content, stop in read_boxes(file, 0, length, _MAX_VIDEO_BOXES):
            if not name.isascii():
                break  # other data follows the last box
            ends[name] = stop
    is_cut = any(ends.get(name, 0) > length for name in (b"mdat", b"moov"))
    if is_cut or (b"mdat" in ends and not ends.keys() & {b"moov", b"moof"}):
        raise PermanentError("video.truncated")
