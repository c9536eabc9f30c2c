"""Read raw photos with LibRaw: the embedded preview or, if that is too small, the sensor data."""

import io
from dataclasses import dataclass, replace
from typing import BinaryIO

import rawpy
from PIL import Image

from uploads.errors import PermanentError
from uploads.media.exif import ExifData, interpret_tags, read_gps_tags, read_tags
from uploads.media.formats import unsupported
from uploads.media.header import ImageHeader, OpenedFile
from uploads.media.iso_boxes import find_box, list_boxes
from uploads.media.jpeg import read_jpeg
from uploads.media.limits import WORKING_MEMORY, check_size
from uploads.media.normalize import turn
from uploads.media.sniff import HEAD_BYTES, name_type
from uploads.media.tiff_tags import FileBytes, Value

MIN_PREVIEW = 1000
"""Minimum longer side, in pixels, of an embedded preview used instead of the sensor data."""
SENSOR_PIXEL_BYTES = 5
"""Memory per sensor pixel, in bytes: 2 for the sensor data, 2 for the half-size picture, and 1 for the 8-bit result."""

_ORIENTATIONS = {3: 3, 5: 8, 6: 6}
"""Maps LibRaw's orientations to EXIF orientations."""


@dataclass(frozen=True, slots=True)
class _Preview:
    """An embedded preview: a JPEG, pixels, or neither if there is none. `orientation` must still be applied."""

    jpeg: ImageHeader | None
    pixels: Image.Image | None
    orientation: int

    @property
    def longest(self) -> int:
        sizes = [max(found.width, found.height) for found in (self.jpeg, self.pixels) if found is not None]
        return max(sizes, default=0)

    def load(self, longest: int) -> Image.Image | None:
        """Return the decoded preview, or None if there is none. For `longest`, see ImageHeader."""
        if self.jpeg is None:
            return self.pixels
        return self.jpeg.load(self.jpeg.open(), longest)


def read_raw(file: BinaryIO) -> ImageHeader:
    """Return the header of a raw photo; see image_header.read_header."""
    try:
        raw = rawpy.imread(f"/proc/self/fd/{file.fileno()}")
    except rawpy.LibRawFileUnsupportedError as error:
        file.seek(0)
        kind = name_type(file.read(HEAD_BYTES))
        raise unsupported(f"{kind} of this camera model or compression") from error
    except rawpy.LibRawError as error:
        raise _translated(error) from error
    sizes = raw.sizes
    width, height = sizes.width, sizes.height
    orientation = _ORIENTATIONS.get(sizes.flip, 1)
    preview = _find_preview(raw, orientation, landscape=width >= height)
    if orientation >= 5:
        width, height = height, width
    uses_preview = preview.longest >= min(MIN_PREVIEW, max(width, height))
    return ImageHeader(
        width,
        height,
        0 if uses_preview else SENSOR_PIXEL_BYTES,
        lambda: OpenedFile((width, height), "raw", "RGB", (raw, preview if uses_preview else None)),
        exif=replace(_read_exif(file, preview), orientation=1),
        load=_load,
    )


def _load(source: OpenedFile, longest: int) -> Image.Image:
    raw, preview = source.content
    image = preview.load(longest) if preview else None
    if image is not None:
        return turn(image, preview.orientation)
    try:
        return Image.fromarray(raw.postprocess(half_size=True, use_camera_wb=True))
    except rawpy.LibRawError as error:
        raise _translated(error) from error


def _find_preview(raw: rawpy.RawPy, orientation: int, *, landscape: bool) -> _Preview:
    """Return the embedded preview, which may be empty. Some cameras store it already rotated."""
    try:
        found = raw.extract_thumb()
    except rawpy.LibRawError:
        return _Preview(None, None, 1)
    if not isinstance(found.data, bytes):
        pixels = Image.fromarray(found.data)
        return _Preview(None, pixels, orientation if (pixels.width >= pixels.height) == landscape else 1)
    try:
        header = read_jpeg(io.BytesIO(found.data))
        check_size(header.width, header.height, WORKING_MEMORY, header.pixel_bytes, len(found.data))
    except (PermanentError, ValueError):
        return _Preview(None, None, 1)
    is_turned = (header.width >= header.height) != landscape
    return _Preview(header, None, 1 if is_turned else orientation)


def _read_exif(file: BinaryIO, preview: _Preview) -> ExifData:
    """Return the EXIF data of the file, or that of the preview if only the preview's has a date."""
    found = _read_canon_exif(file) or interpret_tags(*read_tags(FileBytes(file)))
    if found.time.taken_at is None and preview.jpeg is not None and preview.jpeg.exif.time.taken_at is not None:
        return preview.jpeg.exif
    return found


def _read_canon_exif(file: BinaryIO) -> ExifData | None:
    """Return the EXIF data of a CR3 file, or None for other files. CR3 has a TIFF structure for each directory."""
    boxes = find_box(file, (b"moov", b"uuid"), 0, file.seek(0, 2))
    if boxes is None:
        return None
    tags: dict[int, Value] = {}
    gps: dict[int, Value] = {}
    for name, start, end in list_boxes(file, boxes[0] + 16, boxes[1]):
        if name not in (b"CMT1", b"CMT2", b"CMT4"):
            continue
        file.seek(start)
        content = file.read(min(end - start, 1 << 16))
        own, _ = read_tags(content)
        tags |= own
        if name == b"CMT4":
            gps = read_gps_tags(content)
    return interpret_tags(tags, gps)


def _translated(error: rawpy.LibRawError) -> Exception:
    text = error.args[0] if error.args else ""
    text = text.decode() if isinstance(text, bytes) else str(text)
    if isinstance(error, rawpy.LibRawUnsufficientMemoryError | rawpy.LibRawTooBigError):
        return MemoryError(text)
    return ValueError(f"truncated: {text}" if isinstance(error, rawpy.LibRawIOError) else text)
