"""Small copies of a picture for pages."""

import io

from PIL import Image

SIZES = (320, 1024)
"""Pixels on the longer side of each preview."""

_QUALITY = {320: 78, 1024: 82}


def make_previews(image: Image.Image) -> dict[int, bytes]:
    """Return JPEG bytes by size (see SIZES) of the RGB picture `image`; smaller pictures keep their own size.

    JPEG and not WebP: it is written in a tenth of the time.
    """
    previews: dict[int, bytes] = {}
    for size in SIZES:
        small = image
        if max(image.size) > size:
            small = image.copy()
            small.thumbnail((size, size), Image.Resampling.BICUBIC, reducing_gap=2.0)
        buffer = io.BytesIO()
        small.save(buffer, "JPEG", quality=_QUALITY[size])
        previews[size] = buffer.getvalue()
    return previews
