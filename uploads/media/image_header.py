"""Read what must be known about a picture before a decoder may see it: size, memory, EXIF data.

The decoder then gets only the parts of the file that it needs to decode the first frame.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from PIL import GifImagePlugin, ImageFile, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from uploads.media import gif_structure, jpeg_structure, png_structure, webp_structure
from uploads.media.file_parts import open_parts
from uploads.media.integrity import check_jpeg_end, check_riff_size

# Large baseline JPEGs are decoded at a fraction of their size, so they take time but not memory, and their limit is
# higher: phones take pictures of 200 megapixels.
_BASELINE_JPEG_FACTOR = 4


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """Facts from a file's header.

    `pixel_bytes`: memory that the decoder needs for each pixel, and `other_bytes` in addition. `max_pixels_factor`: how
    many times the general limit of pixels applies. `frames`: 1, or the number of frames of an animation. `data`: the
    parts that the decoder needs. `open`: opens `data` with Pillow, without decoding it.
    """

    width: int
    height: int
    pixel_bytes: float
    data: BinaryIO
    open: Callable[[], ImageFile.ImageFile]
    other_bytes: int = 0
    frames: int = 1
    exif: bytes = b""
    xmp: bytes = b""
    max_pixels_factor: int = 1


def read_header(file: BinaryIO, mime_type: str) -> ImageHeader:
    """Return the header of a picture of a supported type, with inexpensive checks that the file is complete.

    Moves the position of `file`. Raises PermanentError `image.complex`, and ValueError, LookupError or struct.error if
    the file is damaged, among them IncompleteError.
    """
    return _READERS[mime_type](file)


def _read_jpeg(file: BinaryIO) -> ImageHeader:
    found = jpeg_structure.read_structure(file)
    check_jpeg_end(file, found.scan_start)
    data = open_parts(file, found.parts)
    return ImageHeader(
        found.width,
        found.height,
        found.coefficient_bytes(),
        data,
        lambda: JpegImagePlugin.JpegImageFile(data),
        exif=found.exif,
        xmp=found.xmp,
        max_pixels_factor=1 if found.buffered else _BASELINE_JPEG_FACTOR,
    )


def _read_png(file: BinaryIO) -> ImageHeader:
    found, parts = png_structure.read_structure(file)
    data = open_parts(file, parts)
    return ImageHeader(
        found.width,
        found.height,
        found.pixel_bytes,
        data,
        lambda: PngImagePlugin.PngImageFile(data),
        frames=found.frames,
        exif=found.exif,
        xmp=found.xmp,
    )


def _read_webp(file: BinaryIO) -> ImageHeader:
    check_riff_size(file)
    found = webp_structure.read_structure(file)
    data = open_parts(file, [(0, found.size)])
    return ImageHeader(
        found.width,
        found.height,
        webp_structure.PIXEL_BYTES,
        data,
        lambda: WebPImagePlugin.WebPImageFile(data),
        other_bytes=2 * found.size,
        frames=found.frames,
        exif=found.exif,
        xmp=found.xmp,
    )


def _read_gif(file: BinaryIO) -> ImageHeader:
    found = gif_structure.read_structure(file)
    data = open_parts(file, found.parts)
    return ImageHeader(
        found.width,
        found.height,
        gif_structure.PIXEL_BYTES,
        data,
        lambda: GifImagePlugin.GifImageFile(data),
        frames=found.frames,
    )


_READERS: dict[str, Callable[[BinaryIO], ImageHeader]] = {
    "image/jpeg": _read_jpeg,
    "image/png": _read_png,
    "image/webp": _read_webp,
    "image/gif": _read_gif,
}
