"""Decode a picture at the size that its largest preview needs, which also proves that the file is complete.

All later stages use `Picture.image`, so no file is decoded twice.
"""

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from PIL import ExifTags, GifImagePlugin, Image, ImageFile, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from uploads.errors import EnvironmentalError, PermanentError
from uploads.media.exif import ExifData, read_exif
from uploads.media.integrity import check_complete
from uploads.media.jpeg import decode_reduced
from uploads.media.normalize import normalize_image
from uploads.media.sanitize import Json
from uploads.media.sniff import HEAD_BYTES, SUPPORTED, reason_unsupported, sniff

LONGEST_SIDE = 1024
"""Maximum pixels on the longer side of `Picture.image`, which is also the largest preview."""

MAX_PIXELS = 100_000_000
"""Maximum pixels to decode at full size: 400 MB at Pillow's four bytes each, enough for a PNG from any camera."""

# Large baseline JPEGs are decoded at a fraction of their size, so they take time but not memory, and their limit is
# higher: phones take pictures of 200 megapixels.
_BASELINE_JPEG_FACTOR = 4

_PLUGINS: dict[str, type[ImageFile.ImageFile]] = {
    "image/jpeg": JpegImagePlugin.JpegImageFile,
    "image/png": PngImagePlugin.PngImageFile,
    "image/webp": WebPImagePlugin.WebPImageFile,
    "image/gif": GifImagePlugin.GifImageFile,
}
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

_DAMAGED = "The picture is damaged and cannot be read. Copy it from your camera or phone again."
_TRUNCATED = "The picture is incomplete: its end is missing. Copy it from your camera or phone again."


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


def read_picture(path: Path, max_pixels: int = MAX_PIXELS) -> Picture:
    """Decode the picture at `path`.

    Raises PermanentError `file.empty`, `file.unsupported`, `image.truncated`, `image.corrupt` or `image.bomb` (too
    large, according to the header). Raises EnvironmentalError `storage.unreadable` if the file cannot be read.
    """
    with _storage_errors(), path.open("rb") as file:
        mime_type = _supported_type(file.read(HEAD_BYTES))
        with _damage_errors():
            check_complete(file, mime_type)
            file.seek(0)
            return _decode(file, mime_type, max_pixels)


def _supported_type(head: bytes) -> str:
    mime_type = sniff(head)
    if mime_type in SUPPORTED:
        return mime_type
    raise PermanentError("file.unsupported" if head else "file.empty", reason_unsupported(head))


def _decode(file: BinaryIO, mime_type: str, max_pixels: int) -> Picture:
    source = _PLUGINS[mime_type](file)
    width, height = source.size
    _check_size(source, max_pixels)
    metadata = _metadata(source)
    pixels = _load(file, source)
    exif = _exif(source)
    orientation = _orientation(exif)
    if orientation in (5, 6, 7, 8):
        width, height = height, width
    exif_data = read_exif(exif)
    image = normalize_image(pixels, LONGEST_SIDE, orientation)
    return Picture(
        mime_type, width, height, image, exif_data, metadata | {"orientation": orientation} | exif_data.details
    )


def _load(file: BinaryIO, source: ImageFile.ImageFile) -> Image.Image:
    """Decode the pixels, at a reduced size if the format allows it. Raises one of _DECODE_ERRORS on damage."""
    reduced = decode_reduced(file, source) if isinstance(source, JpegImagePlugin.JpegImageFile) else None
    if reduced is not None:
        return reduced
    scale = LONGEST_SIDE / max(source.size)
    source.draft("", (max(1, round(source.width * scale)), max(1, round(source.height * scale))))
    source.load()
    return source


def _check_size(source: ImageFile.ImageFile, max_pixels: int) -> None:
    """Refuse a picture that would take too much memory or time to decode, even at a reduced size."""
    width, height = source.size
    allowed = max_pixels
    if isinstance(source, JpegImagePlugin.JpegImageFile) and "progressive" not in source.info:
        allowed = max_pixels * _BASELINE_JPEG_FACTOR
    if width * height > allowed:
        size = f"{width} by {height} pixels"
        limit = f"{allowed // 1_000_000} megapixels"
        raise PermanentError(
            "image.bomb", f"The picture is too large ({size}; the limit is {limit}). Upload a smaller copy."
        )


def _exif(source: ImageFile.ImageFile) -> Image.Exif:
    try:
        exif = source.getexif()
        for ifd in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
            exif.get_ifd(ifd)
    except _DECODE_ERRORS:
        # Broken EXIF data is no reason to refuse an intact picture.
        return Image.Exif()
    return exif


def _orientation(exif: Image.Exif) -> int:
    value = exif.get(ExifTags.Base.Orientation)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _metadata(source: ImageFile.ImageFile) -> dict[str, Json]:
    metadata: dict[str, Json] = {"format": source.format, "mode": source.mode}
    # Count before load(), because counting rewinds a GIF, which discards the decoded frame.
    frames = int(getattr(source, "n_frames", 1))
    if frames > 1:
        metadata |= {"animated": True, "frames": frames}
    return metadata


@contextmanager
def _damage_errors() -> Iterator[None]:
    try:
        yield
    except Image.DecompressionBombError as error:
        raise PermanentError("image.bomb", "The picture is far too large. Upload a smaller copy.") from error
    except _DECODE_ERRORS as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        truncated = "truncated" in str(error).lower()
        code, message = ("image.truncated", _TRUNCATED) if truncated else ("image.corrupt", _DAMAGED)
        raise PermanentError(code, message) from error


@contextmanager
def _storage_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message = "The file cannot be read from the storage. Processing resumes when the storage works again."
        raise EnvironmentalError("storage.unreadable", message) from error
