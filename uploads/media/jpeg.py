"""Decode JPEG pictures at reduced sizes that Pillow does not offer.

libjpeg-turbo can decode at any multiple of 1/8 of the full size; Pillow's draft() supports only 1/2, 1/4 and 1/8.
Pictures from most cameras are decoded at 1000 to 1024 pixels on the longer side, so they need no resizing, which
would take longer than decoding.
"""

from functools import partial
from io import SEEK_END, BytesIO
from typing import BinaryIO

import simplejpeg
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from uploads.media.exif import read_exif
from uploads.media.file_parts import open_parts
from uploads.media.header import ImageHeader, load_reduced
from uploads.media.integrity import IncompleteError
from uploads.media.jpeg_end import END_MARKER, marked_end
from uploads.media.jpeg_structure import JpegStructure, read_structure

MIN_SHARE = 1000 / 1024
"""Minimum ratio of the decoded longer side to the requested one: if 1024 pixels are requested, 1000 are enough."""

# Larger files are not read into memory as a whole, but left to Pillow, which reads them in blocks.
_MAX_BYTES = 64 * 2**20
# The limit is lower for progressive files, because the decoder also keeps all their coefficients in memory.
_MAX_PROGRESSIVE_BYTES = 8 * 2**20
# The pixel limit is multiplied by this for baseline JPEGs. Large ones are decoded at a fraction of their size, which
# takes time but little memory. Phones take pictures of 200 megapixels.
_BASELINE_FACTOR = 4


def read_jpeg(file: BinaryIO) -> ImageHeader:
    """Return the header of a JPEG; see image_header.read_header."""
    found = read_structure(file, search=False)
    data = open_parts(file, found.parts)
    return ImageHeader(
        found.width,
        found.height,
        found.coefficient_bytes(),
        lambda: JpegImageFile(data),
        exif=read_exif(found.exif, found.xmp),
        xmp=found.xmp,
        max_pixels_factor=1 if found.buffered else _BASELINE_FACTOR,
        load=partial(_load, file) if found.terminated else partial(_load_unterminated, file, found),
    )


def _load(file: BinaryIO, source: JpegImageFile, longest: int) -> Image.Image:
    """Decode a picture with an end marker. If that fails, check whether the marker belongs to appended data."""
    reduced = _decode_reduced(source, longest)
    if reduced is not None:
        return reduced
    found = read_structure(file)
    if not found.terminated:
        return _load_unterminated(file, found, source, longest)
    return load_reduced(source, longest)


def _load_fully(source: JpegImageFile, longest: int) -> Image.Image:
    reduced = _decode_reduced(source, longest)
    return load_reduced(source, longest) if reduced is None else reduced


def _load_unterminated(file: BinaryIO, found: JpegStructure, source: JpegImageFile, longest: int) -> Image.Image:
    """Decode a picture whose image data is not followed by an end marker.

    If the image data is incomplete, but the file ends with an end marker and no known trailer follows the image data,
    the data is damaged rather than truncated, and Pillow decides whether it can be decoded. Raises IncompleteError if
    the data is truncated.
    """
    data = open_parts(file, found.parts).read(_MAX_BYTES) + END_MARKER
    if _is_complete(data, source.mode, found.known_end):
        return _load_fully(JpegImageFile(BytesIO(data)), longest)
    start = found.parts[-1][0]
    end = None if found.known_end else marked_end(file, start)
    if end is None:
        raise IncompleteError("truncated: the end of the image is missing")
    return _load_fully(JpegImageFile(open_parts(file, [*found.parts[:-1], (start, end)])), longest)


def _is_complete(data: bytes, mode: str, known_end: bool) -> bool:
    """Return whether the scans are complete. If `known_end` is false, other bytes may follow them."""
    try:
        simplejpeg.decode_jpeg(data, "CMYK" if mode == "CMYK" else "RGB", min_width=1)
    except ValueError as error:
        return not known_end and "extraneous bytes before marker 0xd9" in str(error)
    return True


def _decode_reduced(source: JpegImageFile, longest: int) -> Image.Image | None:
    """Return the picture at the smallest multiple of 1/8 that suffices, with its colour profile.

    Return None if the colours are not RGB or grey, if the file is too large, or if the decoder reports any problem.
    Pillow then decides whether the file is damaged.
    """
    file = source.fp
    if source.mode not in {"RGB", "L"} or file is None:
        return None
    max_bytes = _MAX_PROGRESSIVE_BYTES if "progressive" in source.info else _MAX_BYTES
    size = file.seek(0, SEEK_END)
    if size > max_bytes:
        return None
    file.seek(0)
    data = file.read(size)
    width, height = source.size
    side = min(int(longest * MIN_SHARE), max(width, height))
    smallest = {"min_width": side} if width >= height else {"min_height": side}
    try:
        pixels = simplejpeg.decode_jpeg(data, "GRAY" if source.mode == "L" else "RGB", **smallest)
    except ValueError:
        return None
    image = Image.fromarray(pixels.squeeze(axis=2) if source.mode == "L" else pixels)
    if "icc_profile" in source.info:
        image.info["icc_profile"] = source.info["icc_profile"]
    return image
