"""Read the size, the number of frames and the metadata of a WebP without decoding it (RFC 9649)."""

from dataclasses import dataclass
from typing import BinaryIO

from uploads.media.limits import too_complex

PIXEL_BYTES = 12
"""Memory per pixel, in bytes: libwebp keeps two canvases, and Pillow copies the result."""
MAX_CHUNKS = 100_000
MAX_METADATA_BYTES = 1024 * 1024
"""Maximum size of EXIF data and of XMP. Larger data is ignored."""

_HEADER_BYTES = 12
_LOSSY_START_CODE = b"\x9d\x01\x2a"
_LOSSLESS_SIGNATURE = b"\x2f"


@dataclass(slots=True)
class WebPStructure:
    """The canvas size of a WebP (0 by 0 if invalid), its number of frames, its `size` in bytes, and its metadata."""

    width: int = 0
    height: int = 0
    frames: int = 1
    size: int = 0
    exif: bytes = b""
    xmp: bytes = b""


def read_structure(file: BinaryIO) -> WebPStructure:
    """Return the structure of a WebP, ignoring data after its end. Moves the position of `file`.

    Raises PermanentError `image.complex` if there are too many chunks.
    """
    found, position, frames = WebPStructure(), _HEADER_BYTES, 0
    file.seek(4)
    end = 8 + int.from_bytes(file.read(4), "little")
    for _ in range(MAX_CHUNKS):
        file.seek(position)
        head = file.read(8)
        name, length = head[:4], int.from_bytes(head[4:], "little")
        if len(head) < 8 or position + 8 > end:
            found.frames, found.size = max(1, frames), position
            return found
        frames += name == b"ANMF"
        if position == _HEADER_BYTES:
            found.width, found.height = _canvas(name, file.read(10))
        elif length <= MAX_METADATA_BYTES and name == b"EXIF":
            found.exif = file.read(length)
        elif length <= MAX_METADATA_BYTES and name == b"XMP ":
            found.xmp = file.read(length)
        position += 8 + length + length % 2
    raise too_complex(f"more than {MAX_CHUNKS:,} chunks")


def _canvas(name: bytes, content: bytes) -> tuple[int, int]:
    """Return the width and height in the first chunk."""
    if name == b"VP8X":
        return int.from_bytes(content[4:7], "little") + 1, int.from_bytes(content[7:10], "little") + 1
    if name == b"VP8 " and content[3:6] == _LOSSY_START_CODE:
        return int.from_bytes(content[6:8], "little") & 0x3FFF, int.from_bytes(content[8:10], "little") & 0x3FFF
    if name == b"VP8L" and content[:1] == _LOSSLESS_SIGNATURE:
        bits = int.from_bytes(content[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return 0, 0
