"""Decode a JPEG at a fraction of its size that Pillow cannot ask for.

libjpeg-turbo decodes at any eighth of the size, Pillow's draft() at a half, a quarter or an eighth only. Most cameras'
pictures come out at 1000 to 1024 pixels that way, and the resize after it, which costs more than decoding, falls away.
"""

from typing import BinaryIO

import simplejpeg
from PIL import Image, JpegImagePlugin

NEARLY = 1000
"""Pixels on the longer side that do for the largest preview: 4000 and 4032 divide into this, 1024 they miss."""

_MOST_BYTES = 64 * 2**20
# The file is read whole; a larger one goes Pillow's way, in blocks.


def decode_reduced(file: BinaryIO, header: JpegImagePlugin.JpegImageFile) -> Image.Image | None:
    """Return the picture at the smallest eighth that keeps NEARLY pixels, with `header`'s colour profile.

    None when this decoder has any objection, however small, or the colours are not plain RGB or grey: what Pillow says
    then is the verdict. `file` is the one that `header` was read from; its position is moved.
    """
    if header.mode not in {"RGB", "L"}:
        return None
    file.seek(0)
    data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        return None
    width, height = header.size
    smallest = {"min_width": min(NEARLY, width)} if width >= height else {"min_height": min(NEARLY, height)}
    try:
        image = Image.fromarray(simplejpeg.decode_jpeg(data, "RGB", **smallest))
    except ValueError:
        return None
    if "icc_profile" in header.info:
        image.info["icc_profile"] = header.info["icc_profile"]
    return image
