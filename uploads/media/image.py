"""Decode a picture, by default at the size of its largest regular preview, and detect whether the file is complete.

All later stages of processing use `Picture.image` instead of decoding the file again.
"""

import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from errno import EINVAL, EOVERFLOW
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from uploads.errors import EnvironmentalError, PermanentError
from uploads.media import PREVIEW_SIZES
from uploads.media.container_types import tiff_type
from uploads.media.exif import ExifData
from uploads.media.formats import PICTURES, unsupported
from uploads.media.image_header import read_header
from uploads.media.limits import check_size
from uploads.media.motion_photo import find_motion
from uploads.media.normalize import normalize_image
from uploads.media.sanitize import Json
from uploads.media.sniff import HEAD_BYTES, name_type, sniff
from uploads.media.tiff_tags import FileBytes

LONGEST_SIDE = max(PREVIEW_SIZES)
"""Default maximum for the longer side of `Picture.image` in pixels, and the size of the largest regular preview."""

MAX_FRAMES = 8
"""Maximum number of `Picture.frames`."""

MAX_PIXELS = 100_000_000
"""Default maximum number of pixels.

The limit is lower if the decoder would otherwise exceed limits.WORKING_MEMORY, and higher for formats with an
`ImageHeader.max_pixels_factor`.
"""

_MOTION_TYPES = frozenset({"image/jpeg", "image/heic", "image/heif"})
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


# An OSError with one of these errnos means that the file is damaged: decoders set no errno, and invalid offsets in the
# file cause the others.
_DAMAGE_ERRNOS = frozenset({None, EINVAL, EOVERFLOW})


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture, or a video with its decoded key frames.

    `width` and `height` are the full size after the EXIF orientation is applied; `image` is upright, RGB (sRGB),
    opaque, and not larger than requested. For a video, `frames` are its key frames, `image` is one of these, and
    `duration` is in seconds, or None if it is unknown.
    """

    mime_type: str
    width: int
    height: int
    image: Image.Image
    exif: ExifData
    metadata: dict[str, Json]
    duration: float | None = None
    frames: tuple[Image.Image, ...] = ()


def read_picture(
    path: Path,
    max_pixels: int = MAX_PIXELS,
    before_decoding: Callable[[int], None] = lambda pixels: None,
    longest: int = LONGEST_SIDE,
) -> Picture:
    """Decode the picture at `path`. After checking the header, call `before_decoding` with the number of pixels.

    The longer side of `Picture.image` has at most `longest` pixels.

    Raises PermanentError `file.empty`, `file.unsupported`, `image.truncated`, `image.corrupt`, `image.bomb` (too many
    pixels) or `image.complex` (it would take too much time or memory to read). Raises EnvironmentalError
    `storage.unreadable` if the file cannot be read.
    """
    with _storage_errors(), path.open("rb") as file:
        mime_type = _supported_type(file)
        with _damage_errors():
            return _decode(file, mime_type, max_pixels, before_decoding, longest)


def read_head(path: Path) -> bytes:
    """Return the first HEAD_BYTES of a file. Raises EnvironmentalError `storage.unreadable`."""
    with _storage_errors(), path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _supported_type(file: BinaryIO) -> str:
    head = file.read(HEAD_BYTES)
    mime_type = sniff(head)
    if mime_type == "image/tiff":
        mime_type = tiff_type(FileBytes(file))
    if mime_type in PICTURES:
        return str(mime_type)
    if not head:
        raise PermanentError("file.empty")
    raise unsupported(name_type(head))


def _decode(
    file: BinaryIO, mime_type: str, max_pixels: int, before_decoding: Callable[[int], None], longest: int
) -> Picture:
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
    pixels = header.load(source, longest)
    exif = header.exif
    image = normalize_image(pixels, longest, exif.orientation, header.profile, header.space)
    if exif.orientation in (5, 6, 7, 8):
        width, height = height, width
    metadata |= {"orientation": exif.orientation, **exif.details}
    if mime_type in _MOTION_TYPES and (motion := find_motion(file, header.xmp)):
        metadata["motion"] = motion
    return Picture(mime_type, width, height, image, exif, metadata)


@contextmanager
def _damage_errors() -> Iterator[None]:
    try:
        yield
    except Image.DecompressionBombError as error:
        limit = 2 * (Image.MAX_IMAGE_PIXELS or 0) // 1_000_000
        raise PermanentError("image.bomb", pixels="a frame with too many pixels", limit=limit) from error
    except _DECODE_ERRORS as error:
        if isinstance(error, OSError) and error.errno not in _DAMAGE_ERRNOS:
            raise
        truncated = "truncated" in str(error).lower()
        raise PermanentError("image.truncated" if truncated else "image.corrupt") from error


@contextmanager
def _storage_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EnvironmentalError("storage.unreadable") from error
