"""Read AVIF pictures with libavif, through Pillow's decoder.

Pillow's class AvifImageFile is not used, because it fails on broken EXIF data and copies the pixels twice.
"""

from dataclasses import replace
from typing import BinaryIO

from PIL import Image, _avif

from uploads.media.colour import coded_space_of_photo
from uploads.media.exif import read_exif
from uploads.media.formats import FORMATS
from uploads.media.header import ImageHeader, OpenedFile
from uploads.media.heif_boxes import check_container, colour_codes, with_one_association_box
from uploads.media.pixel_rows import reduced_picture

PIXEL_BYTES = 12
"""Measured memory per pixel, in bytes: the decoder's planes, its result, and Pillow's copy of the result."""

_THREADS = 2


def read_avif(file: BinaryIO) -> ImageHeader:
    """Return the header of the primary picture, or of a sequence's first picture; see image_header.read_header.

    The orientation comes from the container. An orientation in EXIF data is ignored.
    """
    size = check_container(file, FORMATS["image/avif"].plural)
    try:
        decoder = _avif.AvifDecoder(with_one_association_box(file), "auto", _THREADS)
    except RuntimeError as error:
        raise _translated(error) from error
    dimensions: tuple[int, int]
    dimensions, frames, mode, profile, exif, orientation, xmp = decoder.get_info()
    codes = None if profile else colour_codes(file)
    return ImageHeader(
        dimensions[0],
        dimensions[1],
        PIXEL_BYTES,
        lambda: OpenedFile(dimensions, "AVIF", mode, decoder),
        other_bytes=2 * size,
        frames=frames,
        exif=replace(read_exif(exif or b"", xmp or b""), orientation=orientation),
        profile=profile or b"",
        space=coded_space_of_photo(*codes) if codes else None,
        load=_load,
    )


def _load(source: OpenedFile, longest: int) -> Image.Image:
    try:
        pixels, _scale, _time, _duration = source.content.get_frame(0)
    except RuntimeError as error:
        raise _translated(error) from error
    stride = source.size[0] * Image.getmodebands(source.mode)
    return reduced_picture(source.mode, source.size, pixels, stride, longest)


def _translated(error: RuntimeError) -> Exception:
    text = str(error)
    if "memory" in text:
        return MemoryError(text)
    return ValueError(f"truncated: {text}" if "runcated" in text else text)
