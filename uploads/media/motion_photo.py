"""Find the video in a motion photo. Phones append it to the still picture.

Google phones store its position in XMP: older phones as MicroVideoOffset, the distance from the end of the file, and
newer phones as Container items (https://developer.android.com/media/platform/motion-photo-format). Samsung phones store
the video in their trailer (samsung_trailer.py). In HEIC files, it is in a box `mpvd`.
"""

import re
from collections.abc import Iterator
from io import SEEK_END
from typing import BinaryIO

from uploads.media.iso_boxes import list_boxes
from uploads.media.samsung_trailer import MOTION_PHOTO, read_trailer
from uploads.media.sanitize import Json
from uploads.media.video_types import sniff_video

_MICRO_VIDEO = re.compile(rb'GCamera:MicroVideoOffset(?:="|>)(\d{1,12})[<"]')
_ITEM = re.compile(rb'Item:(Semantic|Length)(?:="|>)([\w.-]{1,40})[<"]')
_ITEM_START = re.compile(rb"<(?:\w+:)?Item\b|<Container:Item\b|<rdf:li\b")
_MAX_ITEMS = 20
_HEAD = 64


def find_motion(file: BinaryIO, xmp: bytes) -> dict[str, Json] | None:
    """Return `offset`, `length` and `mime_type` of the video in a JPEG or HEIC file, or None if there is no video.

    `xmp` is the XMP of the still picture. Moves the position of `file`.
    """
    size = file.seek(0, SEEK_END)
    for start, end in _candidates(file, xmp, size):
        if 0 < start < end <= size:
            file.seek(start)
            mime_type = sniff_video(file.read(min(_HEAD, end - start)))
            if mime_type in ("video/mp4", "video/quicktime"):
                return {"offset": start, "length": end - start, "mime_type": mime_type}
    return None


def _candidates(file: BinaryIO, xmp: bytes, size: int) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each range that may be the video."""
    if match := _MICRO_VIDEO.search(xmp):
        yield size - int(match[1]), size
    yield from _container_items(xmp, size)
    yield from _samsung_entries(file, size)
    file.seek(4)
    if file.read(4) == b"ftyp":
        for kind, start, end in list_boxes(file, 0, size):
            if kind == b"mpvd":
                yield start, end


def _container_items(xmp: bytes, size: int) -> Iterator[tuple[int, int]]:
    """Yield the ranges of container items with the semantic MotionPhoto. The last item ends at the end of the file."""
    items = [dict(_ITEM.findall(part)) for part in _ITEM_START.split(xmp, 2 * _MAX_ITEMS)[1:]]
    end = size
    for item in reversed([item for item in items if b"Semantic" in item]):
        length = item.get(b"Length", b"0")
        start = end - (int(length) if length.isdigit() else 0)
        if item[b"Semantic"] == b"MotionPhoto":
            yield start, end
        end = start


def _samsung_entries(file: BinaryIO, size: int) -> Iterator[tuple[int, int]]:
    """Yield the ranges of the videos in Samsung's trailer. In each entry, a type and a name precede the video."""
    for entry in read_trailer(file, size):
        if entry.kind == MOTION_PHOTO:
            file.seek(max(0, entry.start) + 4)
            name_bytes = int.from_bytes(file.read(4), "little")
            yield entry.start + 8 + name_bytes, entry.end
