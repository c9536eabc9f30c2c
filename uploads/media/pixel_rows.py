"""Build a reduced picture from decoded pixels without copying all of them."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from PIL import Image

from uploads.media.normalize import STRIP_PIXELS, box_factor

_REDUCIBLE_MODES = frozenset({"L", "LA", "RGB", "RGBA"})
_THREADS = 2


def reduced_picture(mode: str, size: tuple[int, int], pixels: Any, stride: int, longest: int) -> Image.Image:
    """Return the picture in `pixels`, reduced by an integer factor to at least `longest` pixels on the longer side.

    Each row has `stride` bytes. `pixels` is bytes or a memoryview; Pillow accepts both, although its type hints do not.
    """
    return reduced_by(box_factor(size, longest), mode, size, pixels, stride)


def reduced_by(factor: int, mode: str, size: tuple[int, int], pixels: Any, stride: int) -> Image.Image:
    """Return the picture in `pixels`, reduced by `factor`; see `reduced_picture`."""
    width, height = size
    if factor == 1 or mode not in _REDUCIBLE_MODES:
        return Image.frombuffer(mode, size, pixels, "raw", mode, stride, 1)
    data = memoryview(pixels)
    rows = max(1, STRIP_PIXELS // (width * factor)) * factor

    def reduced_strip(top: int) -> Image.Image:
        count = min(rows, height - top)
        strip: Any = data[top * stride : (top + count) * stride]
        return Image.frombuffer(mode, (width, count), strip, "raw", mode, stride, 1).reduce(factor)

    small = Image.new(mode, (-(-width // factor), -(-height // factor)))
    tops = range(0, height, rows)
    with ThreadPoolExecutor(_THREADS) as threads:
        for top, strip in zip(tops, threads.map(reduced_strip, tops), strict=True):
            small.paste(strip, (0, top // factor))
    return small
