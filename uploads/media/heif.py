"""Read HEIF pictures, such as HEIC photos, with libheif (ISO 23008-12)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, BinaryIO

import pillow_heif
from PIL import Image

from uploads.media.colour import ColourSpace, coded_space_of_photo
from uploads.media.exif import read_exif
from uploads.media.formats import FORMATS, unsupported
from uploads.media.header import ImageHeader, OpenedFile
from uploads.media.heif_boxes import check_container
from uploads.media.iso_boxes import find_box
from uploads.media.limits import WORKING_MEMORY
from uploads.media.pixel_rows import reduced_picture

PIXEL_BYTES = 5.3
"""Measured memory per pixel, in bytes, with three channels of 8 bits: the decoder's planes and its result."""

_WIDE_PIXEL_BYTES = 16.5
_ALPHA_BYTES = 2
_MIN_THUMBNAIL = 1000
"""Minimum longer side, in pixels, of a thumbnail used instead of a picture that is too large to decode."""

_SHAPE_TOLERANCE = 0.02

# Only the primary picture or its thumbnail is decoded.
pillow_heif.options.DEPTH_IMAGES = False
pillow_heif.options.AUX_IMAGES = False


def read_heif(file: BinaryIO) -> ImageHeader:
    """Return the header of the primary picture; see image_header.read_header.

    libheif applies the container's rotation. The EXIF orientation only repeats it and must not be applied.
    """
    size = check_container(file, FORMATS["image/heic"].plural)
    if find_box(file, (b"meta",), 0, size) is None:
        raise unsupported("HEIC image sequences without a still picture")
    with _libheif_errors():
        container = pillow_heif.open_heif(file)
        image = container[container.primary_index]
        if not all(image.size):
            image.load()  # the box with the size is missing, so the size is known only after decoding
    info: dict[str, Any] = image.info
    per_pixel = PIXEL_BYTES if info["bit_depth"] <= 8 else _WIDE_PIXEL_BYTES
    per_pixel += _ALPHA_BYTES if image.has_alpha else 0
    is_large = image.size[0] * image.size[1] * per_pixel > WORKING_MEMORY - size
    thumbnail = _find_thumbnail(image) if is_large else None
    xmp = info.get("xmp") or b""
    return ImageHeader(
        *image.size,
        0 if thumbnail else per_pixel,
        lambda: OpenedFile(image.size, "HEIF", image.mode, thumbnail or image),
        other_bytes=size,
        exif=replace(read_exif(info.get("exif") or b"", xmp), orientation=1),
        xmp=xmp,
        profile=info.get("icc_profile") or b"",
        space=_colour_space(info),
        load=_load,
    )


def _find_thumbnail(image: pillow_heif.HeifImage) -> pillow_heif.HeifThumbnail | None:
    """Return a large enough thumbnail with the same aspect ratio as `image`, or None."""
    width, height = image.size
    sides: Any = image.info["thumbnails"]
    for index, side in enumerate(sides):
        if side >= _MIN_THUMBNAIL:
            try:
                thumbnail = image.get_thumbnail(index)
                thumbnail.load()
            except (RuntimeError, ValueError):
                continue  # without a thumbnail, the picture is rejected as too large
            if abs(thumbnail.size[0] * height / (thumbnail.size[1] * width) - 1) < _SHAPE_TOLERANCE:
                return thumbnail
    return None


def _load(source: OpenedFile, longest: int) -> Image.Image:
    image: pillow_heif.HeifImage | pillow_heif.HeifThumbnail = source.content
    with _libheif_errors():
        pixels, stride = image.data, image.stride
    return reduced_picture(image.mode, image.size, pixels, stride, longest)


def _colour_space(info: dict[str, Any]) -> ColourSpace | None:
    codes = info.get("nclx_profile")
    return coded_space_of_photo(codes["color_primaries"], codes["transfer_characteristics"]) if codes else None


@contextmanager
def _libheif_errors() -> Iterator[None]:
    """Translate libheif's errors, which have no exception classes of their own."""
    try:
        yield
    except (RuntimeError, ValueError) as error:
        text = str(error)
        if "emory allocation" in text or "ecurity limit" in text:
            raise MemoryError(text) from error
        if "nsupported" in text:
            raise unsupported(f"HEIF pictures with this compression ({text})") from error
        raise ValueError(f"truncated: {text}" if "nd of data" in text or "nd of file" in text else text) from error
