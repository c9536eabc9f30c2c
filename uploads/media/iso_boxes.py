"""Check from the top-level boxes of an MP4, MOV or 3GP file whether it is complete (ISO/IEC 14496-12, 4.2)."""

from collections.abc import Iterator
from io import SEEK_END
from pathlib import Path
from typing import BinaryIO

from uploads.errors import PermanentError

_MAX_BOXES = 100_000


def check_complete(path: Path) -> None:
    """Raise PermanentError `video.truncated` if the media data or the index are cut off, or if the index is missing."""
    with path.open("rb") as file:
        length = file.seek(0, SEEK_END)
        boxes = dict(_read_boxes(file, length))
    if any(boxes.get(kind, 0) > length for kind in (b"mdat", b"moov")):
        raise PermanentError("video.truncated")
    if b"mdat" in boxes and not boxes.keys() & {b"moov", b"moof"}:
        raise PermanentError("video.truncated")


def _read_boxes(file: BinaryIO, length: int) -> Iterator[tuple[bytes, int]]:
    """Yield the type and end of each box, up to the end of the file or the first invalid box."""
    start = 0
    for _ in range(_MAX_BOXES):
        file.seek(start)
        header = file.read(16)
        size, kind = int.from_bytes(header[:4], "big"), header[4:8]
        if size == 1:
            size = int.from_bytes(header[8:16], "big")
        elif size == 0:
            size = length - start
        if len(header) < 8 or size < 8 or not kind.isascii():
            return
        start += size
        yield kind, start
