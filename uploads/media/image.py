"""Decode a picture at the size that its largest preview needs, which also proves that the file is complete.

All later stages use `Picture.image`, so no file is decoded twice.
"""

import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageFile, JpegImagePlugin, WebPImagePlugin

from uploads.errors import EnvironmentalError, PermanentError
from uploads.media.exif import ExifData, read_exif
from uploads.media.image_header import read_header
from uploads.media.jpeg import decode_reduced
from uploads.media.limits import check_size
from uploads.media.normalize import normalize_image
from uploads.media.sanitize import Json
from uploads.media.sniff import HEAD_BYTES, SUPPORTED, name_type, sniff

LONGEST_SIDE = 1024
"""Maximum pixels on the longer side of `Picture.image`, which is also the largest preview."""

MAX_PIXELS = 100_000_000
"""Maximum pixels. The limit is lower if a format's decoder would need more memory than uploads.media.limits allows."""

# The exceptions that Pillow's decoders raise on broken input, found by decoding mutated files.
_DECODE_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    ArithmeticError,
    LookupError,
    TypeError,
    struct.error,
    zlib.error,
)


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture.

    `width` and `height` are the full size after the EXIF orientation is applied; `image` is upright, RGB (sRGB),
    opaque, and its longer side is at most LONGEST_SIDE.
    """

    mime_type: str
    width: int
    height: int
    image: Image.Image
    exif: ExifData
    metadata: dict[str, Json]


def read_picture(
    path: Path, max_pixels: int = MAX_PIXELS, before_decoding: Callable[[int], None] = lambda pixels: None
) -> Picture:
    """Decode the picture at `path`. After checking the header, call `before_decoding` with the number of pixels.

    Raises PermanentError `file.empty`, `file.unsupported`, `image.truncated`, `image.corrupt`, `image.bomb` (too large,
    according to the header) or `image.complex` (its structure would take too long to read). Raises EnvironmentalError
    `storage.unreadable` if the file cannot be read.
    """
    with _storage_errors(), path.open("rb") as file:
        mime_type = _supported_type(file.read(HEAD_BYTES))
        with _damage_errors():
            return _decode(file, mime_type, max_pixels, before_decoding)


def _supported_type(head: bytes) -> str:
    mime_type = sniff(head)
    if mime_type in SUPPORTED:
        return mime_type
    if not head:
        raise PermanentError("file.empty")
    raise PermanentError("file.unsupported", kind=name_type(head))


def _decode(file: BinaryIO, mime_type: str, max_pixels: int, before_decoding: Callable[[int], None]) -> Picture:
    header = read_header(file, mime_type)
    width, height = header.width, header.height
    check_size(width, height, max_pixels * header.max_pixels_factor, header.pixel_bytes, header.other_bytes)
    before_decoding(width * height)
    source = header.open()
    if source.size != (width, height):
        raise ValueError(f"two sizes: {source.size} and {width} by {height}")
    metadata: dict[str, Json] = {"format": source.format, "mode": source.mode}
    if header.frames > 1:
        metadata |= {"animated": True, "frames": header.frames}
    exif = read_exif(header.exif, header.xmp)
    image = normalize_image(_load(header.data, source), LONGEST_SIDE, exif.orientation)
    if exif.orientation in (5, 6, 7, 8):
        width, height = height, width
    metadata |= {"orientation": exif.orientation, **exif.details}
    return Picture(mime_type, width, height, image, exif, metadata)


def _load(data: BinaryIO, source: ImageFile.ImageFile) -> Image.Image:
    """Decode the pixels, at a reduced size if the format allows it. Raises one of _DECODE_ERRORS on damage."""
    if isinstance(source, WebPImagePlugin.WebPImageFile):
        return _load_webp(source)
    reduced = decode_reduced(data, source) if isinstance(source, JpegImagePlugin.JpegImageFile) else None
    if reduced is not None:
        return reduced
    scale = LONGEST_SIDE / max(source.size)
    source.draft("", (max(1, round(source.width * scale)), max(1, round(source.height * scale))))
    source.load()
    return source


def _load_webp(source: WebPImagePlugin.WebPImageFile) -> Image.Image:
    """Decode the first frame. Pillow's load() would keep the decoder's canvases while it copies the result again."""
    pixels, _timestamp, _duration = source._get_next()
    del source._decoder
    image = Image.frombuffer(source.mode, source.size, pixels, "raw", source.rawmode, 0, 1)
    image.info = source.info
    return image


@contextmanager
def _damage_errors() -> Iterator[None]:
    try:
        yield
    except Image.DecompressionBombError as error:
        limit = 2 * (Image.MAX_IMAGE_PIXELS or 0) // 1_000_000
        raise PermanentError("image.bomb", pixels="a frame with too many pixels", limit=limit) from error
    except _DECODE_ERRORS as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        truncated = "truncated" in str(error).lower()
        raise PermanentError("image.truncated" if truncated else "image.corrupt") from error


@contextmanager
def _storage_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EnvironmentalError("storage.unreadable") from error
