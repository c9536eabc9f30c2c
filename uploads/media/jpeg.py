"""Decode a JPEG at a reduced size that Pillow does not offer.

libjpeg-turbo can decode at any multiple of 1/8 of the full size; Pillow's draft() supports only 1/2, 1/4 and 1/8. For
most cameras, the longer side of the decoded picture has 1000 to 1024 pixels, so the picture need not be resized, which
would take longer than decoding.
"""

from io import SEEK_END
from typing import BinaryIO

import simplejpeg
from PIL import Image, JpegImagePlugin

MIN_SIDE = 1000
"""Minimum pixels on the longer side for the largest preview: 4000 or 4032 pixels are decoded as 1000 or 1008."""

# Smaller files are read into memory as a whole; larger files are left to Pillow, which reads them in blocks.
_MAX_BYTES = 64 * 2**20
# For a progressive file, the decoder also keeps all coefficients in memory.
_MAX_PROGRESSIVE_BYTES = 8 * 2**20


def decode_reduced(file: BinaryIO, header: JpegImagePlugin.JpegImageFile) -> Image.Image | None:
    """Return the picture at the smallest multiple of 1/8 that keeps MIN_SIDE pixels, with `header`'s colour profile.

    Return None if the colours are not RGB or grey, if the file is too large, or if this decoder reports any problem;
    Pillow then decides whether the file is damaged. `header` was read from `file`, whose position is moved.
    """
    if header.mode not in {"RGB", "L"}:
        return None
    max_bytes = _MAX_PROGRESSIVE_BYTES if "progressive" in header.info else _MAX_BYTES
    size = file.seek(0, SEEK_END)
    if size > max_bytes:
        return None
    file.seek(0)
    data = file.read(size)
    width, height = header.size
    smallest = {"min_width": min(MIN_SIDE, width)} if width >= height else {"min_height": min(MIN_SIDE, height)}
    try:
        image = Image.fromarray(simplejpeg.decode_jpeg(data, "RGB", **smallest))
    except ValueError:
        return None
    if "icc_profile" in header.info:
        image.info["icc_profile"] = header.info["icc_profile"]
    return image
