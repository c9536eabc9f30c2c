"""Find boxes in HEIC, AVIF and CR3 files, which are ISO base media files (ISO 14496-12).

Only `check_container` raises errors for invalid content. All functions move the position of the file.
"""

from collections.abc import Iterator
from typing import BinaryIO

from uploads.media.formats import unsupported
from uploads.media.integrity import IncompleteError
from uploads.media.limits import WORKING_MEMORY, too_complex

MAX_BOXES = 10_000
"""Maximum number of boxes to read on one level."""
MAX_FILE_BYTES = WORKING_MEMORY // 4

Range = tuple[int, int]


def list_boxes(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield the name of each box in a range of `file`, and the start and end of its content."""
    position = start
    for _ in range(MAX_BOXES):
        file.seek(position)
        head = file.read(min(16, max(0, end - position)))
        if len(head) < 8:
            return
        size, content = int.from_bytes(head[:4], "big"), position + 8
        if size == 1 and len(head) == 16:
            size, content = int.from_bytes(head[8:], "big"), position + 16
        stop = end if size == 0 else min(end, position + size)
        if stop < content:
            return
        yield head[4:8], content, stop
        position = stop


def find_box(file: BinaryIO, path: tuple[bytes, ...], start: int, end: int) -> Range | None:
    """Return the content range of the first box at `path`, the names from the outer to the inner box, or None."""
    for name, content, stop in list_boxes(file, start, end):
        if name == path[0]:
            return (content, stop) if len(path) == 1 else find_box(file, path[1:], content, stop)
    return None


def check_container(file: BinaryIO, kind: str) -> int:
    """Check that a HEIF file contains a picture, is complete and is not too large to load as a whole; return its size.

    `kind` is the format's name for messages. Raises PermanentError `file.unsupported` if there is no picture, and
    `image.complex` if the file is too large. Raises IncompleteError if it ends in the middle of a picture's box.
    """
    size = file.seek(0, 2)
    if find_box(file, (b"meta",), 0, size) is None and find_box(file, (b"moov",), 0, size) is None:
        raise unsupported(f"{kind} without a picture")
    if size > MAX_FILE_BYTES:
        raise too_complex(f"{size >> 20} MiB, more than a decoder may load")
    for name, content, stop in list_boxes(file, 0, size):
        if name in (b"meta", b"mdat", b"moov") and stop == size:
            file.seek(content - 8)
            head = file.read(8)
            announced = int.from_bytes(head[:4], "big")
            if head[4:] == name and announced > stop - content + 8:
                raise IncompleteError(f"truncated: the box {name.decode()} has more bytes")
    return size


def find_metadata(file: BinaryIO) -> Range | None:
    """Return the range of the boxes in the box "meta", which describes the pictures of a HEIF file, or None."""
    found = find_box(file, (b"meta",), 0, file.seek(0, 2))
    return None if found is None else (found[0] + 4, found[1])


def colour_codes(file: BinaryIO) -> tuple[int, int] | None:
    """Return the first codes of primaries and transfer characteristics in a HEIF file, or None."""
    metadata = find_metadata(file)
    properties = find_box(file, (b"iprp", b"ipco"), *metadata) if metadata else None
    for name, start, end in list_boxes(file, *properties) if properties else ():
        if name == b"colr":
            file.seek(start)
            content = file.read(min(8, end - start))
            if content[:4] == b"nclx" and len(content) == 8:
                return int.from_bytes(content[4:6], "big"), int.from_bytes(content[6:8], "big")
    return None
