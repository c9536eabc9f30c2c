"""Decode a JPEG at a reduced size that Pillow does not offer.

libjpeg-turbo can decode at any multiple of 1/8 of the size, Pillow's draft() only at 1/2, 1/4 or 1/8. Pictures of most
cameras come out at 1000 to 1024 pixels, which saves the resize; that costs more than decoding.
"""

from typing import BinaryIO

import simplejpeg
from PIL import Image, JpegImagePlugin

MIN_SIDE = 1000
"""Pixels on the longer side that are enough for the largest preview: 4000 or 4032 pixels become 1000 or 1008."""

# The file is read into memory; Pillow reads larger ones in blocks.
_MAX_BYTES = 64 * 2**20


def decode_reduced(file: BinaryIO, header: JpegImagePlugin.JpegImageFile) -> Image.Image | None:
    """Return the picture at the smallest multiple of 1/8 that keeps MIN_SIDE pixels, with `header`'s colour profile.

    Return None if the colours are not RGB or grey, or this decoder reports any problem: then Pillow decides whether the
    file is damaged. `file` is the one that `header` was read from; its position is moved.
    """
    if header.mode not in {"RGB", "L"}:
        return None
    file.seek(0)
    data = file.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        return None
    width, height = header.size
    smallest = {"min_width": min(MIN_SIDE, width)} if width >= height else {"min_height": min(MIN_SIDE, height)}
    try:
        image = Image.fromarray(simplejpeg.decode_jpeg(data, "RGB", **smallest))
    except ValueError:
        return None
    if "icc_profile" in header.info:
        image.info["icc_profile"] = header.info["icc_profile"]
    return image
