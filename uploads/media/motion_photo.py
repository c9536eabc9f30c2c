"""Find the video in a motion photo. Phones append it to the still picture.

Google phones store its position in XMP: older ones as MicroVideoOffset, the distance from the end of the file, newer
ones as Container items (https://developer.android.com/media/platform/motion-photo-format). Samsung's trailer has an
index, `SEFH … SEFT`. In HEIC files, the video is in a box `mpvd`.
"""

import re
import struct
from collections.abc import Iterator
from io import SEEK_END
from typing import BinaryIO

from uploads.media.heif_boxes import list_boxes
from uploads.media.sanitize import Json
from uploads.media.video_types import sniff_video

_MICRO_VIDEO = re.compile(rb'GCamera:MicroVideoOffset(?:="|>)(\d{1,12})[<"]')
_ITEM = re.compile(rb'Item:(Semantic|Length)(?:="|>)([\w.-]{1,40})[<"]')
_ITEM_START = re.compile(rb"<(?:\w+:)?Item\b|<Container:Item\b|<rdf:li\b")
_MAX_ITEMS = 20
_SEF_INDEX_ENTRY = struct.Struct("<2xHII")
_SEF_MOTION_PHOTO = 0x0A30
_MAX_SEF_ENTRIES = 100
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
    yield from _samsung_trailer(file, size)
    file.seek(4)
    if file.read(4) == b"ftyp":
        for kind, start, end in list_boxes(file, 0, size):
            if kind == b"mpvd":
                yield start, end


def _container_items(xmp: bytes, size: int) -> Iterator[tuple[int, int]]:
    """Yield the container items with the semantic MotionPhoto. The last item ends at the end of the file."""
    items = [dict(_ITEM.findall(part)) for part in _ITEM_START.split(xmp, 2 * _MAX_ITEMS)[1:]]
    end = size
    for item in reversed([item for item in items if b"Semantic" in item]):
        length = item.get(b"Length", b"0")
        start = end - (int(length) if length.isdigit() else 0)
        if item[b"Semantic"] == b"MotionPhoto":
            yield start, end
        end = start


def _samsung_trailer(file: BinaryIO, size: int) -> Iterator[tuple[int, int]]:
    """Yield the ranges of MotionPhoto_Data in the index of Samsung's trailer."""
    file.seek(max(0, size - 8))
    length, mark = struct.unpack("<I4s", file.read(8).rjust(8, b"\0"))
    index = size - 8 - length
    if mark != b"SEFT" or not index > 0 or length < 12:
        return
    file.seek(index)
    data = file.read(min(length, 12 + _MAX_SEF_ENTRIES * _SEF_INDEX_ENTRY.size))
    if data[:4] != b"SEFH":
        return
    for kind, distance, entry_size in _SEF_INDEX_ENTRY.iter_unpack(data[12 : len(data) - (len(data) - 12) % 12]):
        if kind == _SEF_MOTION_PHOTO:
            start = index - distance
            file.seek(max(0, start) + 4)
            name = struct.unpack("<I", file.read(4).ljust(4, b"\0"))[0]
            yield start + 8 + name, start + entry_size
