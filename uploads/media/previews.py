"""Small copies of a picture for pages."""

import io

from PIL import Image

from uploads.media.normalize import downscale

SIZES = (320, 1024)
"""Pixels on the longer side of each preview."""

_QUALITY = {320: 78, 1024: 82}
_GAP = 1.5
# A quick first reduction that leaves at least so many pixels for each: no difference can be seen.


def make_previews(image: Image.Image) -> dict[int, bytes]:
    """Return JPEG bytes by size (see SIZES) of the RGB picture `image`; smaller pictures keep their own size.

    JPEG and not WebP: it is written in a tenth of the time.
    """
    previews: dict[int, bytes] = {}
    for size in SIZES:
        small = downscale(image, size, reducing_gap=_GAP)
        buffer = io.BytesIO()
        small.save(buffer, "JPEG", quality=_QUALITY[size])
        previews[size] = buffer.getvalue()
    return previews
