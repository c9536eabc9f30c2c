"""Render the previews of a picture."""

import io

from PIL import Image

from uploads.media import PREVIEW_SIZES, ZOOM_SIDE
from uploads.media.normalize import downscale

QUALITY = {320: 78, 1024: 82, ZOOM_SIDE: 85}
# Pillow first reduces the picture with a fast filter to about 1.5 times the target size. The result looks the same as
# without this step.
_REDUCING_GAP = 1.5


def make_previews(image: Image.Image) -> dict[int, bytes]:
    """Return the previews of the RGB picture `image` as JPEG, keyed by size (see PREVIEW_SIZES).

    No preview is larger than `image`. The format is JPEG rather than WebP, because encoding takes a tenth of the time.
    """
    return {size: encode_preview(image, size) for size in PREVIEW_SIZES}


def average_colour(image: Image.Image) -> str:
    """Return the approximate average colour of the RGB picture `image`, such as “#8a7f6b”."""
    # 1,024 pixels are enough, and take 0.02 ms instead of 3 ms.
    samples = image.resize((32, 32), Image.Resampling.NEAREST)
    red, green, blue = samples.resize((1, 1), Image.Resampling.BOX).tobytes()
    return f"#{red:02x}{green:02x}{blue:02x}"


def encode_preview(image: Image.Image, size: int) -> bytes:
    """Return `image` as a JPEG of at most `size` pixels (one of PREVIEW_SIZES, or ZOOM_SIDE) on its longer side."""
    small = downscale(image, size, reducing_gap=_REDUCING_GAP)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=QUALITY[size])
    return buffer.getvalue()
