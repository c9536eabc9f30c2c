"""Build a reduced picture from decoded pixels without copying all of them."""

from typing import Any

from PIL import Image

from uploads.media.normalize import STRIP_PIXELS, box_factor

_REDUCIBLE_MODES = frozenset({"L", "LA", "RGB", "RGBA"})


def reduced_picture(mode: str, size: tuple[int, int], pixels: Any, stride: int, longest: int) -> Image.Image:
    """Return the picture in `pixels`, reduced by an integer factor to at least `longest` pixels on the longer side.

    Each row has `stride` bytes. `pixels` is bytes or a memoryview; Pillow accepts both, although its type hints do not.
    """
    width, height = size
    factor = box_factor(size, longest)
    if factor == 1 or mode not in _REDUCIBLE_MODES:
        return Image.frombuffer(mode, size, pixels, "raw", mode, stride, 1)
    data = memoryview(pixels)
    rows = max(1, STRIP_PIXELS // (width * factor)) * factor
    small = Image.new(mode, (-(-width // factor), -(-height // factor)))
    for top in range(0, height, rows):
        count = min(rows, height - top)
        strip: Any = data[top * stride : (top + count) * stride]
        image = Image.frombuffer(mode, (width, count), strip, "raw", mode, stride, 1)
        small.paste(image.reduce(factor), (0, top // factor))
    return small
