"""Measure 17 simple properties of a picture that distinguish photos from drawings and pages, and day from night."""

from typing import NamedTuple

import numpy as np
from PIL import Image

_SIDE = 256
_EQUAL, _FINE, _EDGE, _GLYPH = 1, 8, 40, 50
# A row of pixels with more than this share of sharp edges may cross a line of text.
_TEXT_EDGES = 0.03


class Statistics(NamedTuple):
    """The properties of a picture. Shares, saturation and luminance range from 0 to 1.

    - `flat`, `fine` and `edges` are the shares of horizontal neighbours that hardly differ, differ slightly and differ
      strongly, respectively.
    - `colours` is the binary logarithm of the number of colours that cover 90 % of the picture.
    - `cover` is the share of the three most frequent colours.
    - `blue_top` is the share of sky blue in the upper third, and `warm_top` that of sunset colours in the upper two
      thirds.
    - `lights` is the share of bright pixels if the picture is dark as a whole, and otherwise 0.
    - `text_rows` is how often rows with and without sharp edges alternate.
    - `shape` is the natural logarithm of width divided by height.
    """

    flat: float
    fine: float
    edges: float
    colours: float
    cover: float
    saturation: float
    saturation_deviation: float
    luminance: float
    luminance_deviation: float
    dark: float
    bright: float
    grey: float
    blue_top: float
    warm_top: float
    lights: float
    text_rows: float
    shape: float


def measure(image: Image.Image, reduced: Image.Image) -> Statistics:
    """Return the statistics of the RGB picture `image`, which should have about 1024 pixels on its longer side.

    `reduced` is a smaller copy with at least 256 pixels on its longer side, or `image` itself.
    """
    flat, fine, edges, text_rows = _neighbours(image)
    scale = _SIDE / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    small = reduced.resize(size, Image.Resampling.BOX, reducing_gap=2.0)
    colours, cover = _palette(small)
    hue, saturation, value = (np.asarray(band, np.float32) / 255 for band in small.convert("HSV").split())
    hue *= 360
    luminance = np.asarray(small, np.float32).mean(axis=2) / 255
    third = max(1, size[1] // 3)
    blue = (hue > 180) & (hue < 255) & (saturation > 0.12) & (value > 0.35)
    warm = ((hue < 50) | (hue > 335)) & (saturation > 0.3) & (value > 0.45)
    return Statistics(
        flat=flat,
        fine=fine,
        edges=edges,
        colours=colours,
        cover=cover,
        saturation=float(saturation.mean()),
        saturation_deviation=float(saturation.std()),
        luminance=float(luminance.mean()),
        luminance_deviation=float(luminance.std()),
        dark=float((luminance < 0.15).mean()),
        bright=float((luminance > 0.9).mean()),
        grey=float((saturation < 0.08).mean()),
        blue_top=float(blue[:third].mean()),
        warm_top=float(warm[: 2 * third].mean()),
        lights=float((luminance > 0.8).mean()) if luminance.mean() < 0.3 else 0.0,
        text_rows=text_rows,
        shape=float(np.log(image.width / image.height)),
    )


def _neighbours(image: Image.Image) -> tuple[float, float, float, float]:
    """Return `flat`, `fine`, `edges` and `text_rows`, from `image` itself: reducing it would blur text and edges."""
    rows = np.asarray(image.convert("L"))[::2]
    left, right = rows[:, :-1], rows[:, 1:]
    if not left.size:
        return 1.0, 0.0, 0.0, 0.0
    steps = np.maximum(left, right) - np.minimum(left, right)
    text = np.count_nonzero(steps > _GLYPH, axis=1) > _TEXT_EDGES * steps.shape[1]
    changes = float((text[1:] != text[:-1]).mean()) if len(text) > 1 else 0.0
    flat, faint, edges = (
        np.count_nonzero(found) / steps.size for found in (steps <= _EQUAL, steps <= _FINE, steps > _EDGE)
    )
    return flat, faint - flat, edges, changes


def _palette(image: Image.Image) -> tuple[float, float]:
    """Return `colours` and `cover`, for colours with 4 bits per channel."""
    red, green, blue = (np.asarray(band).astype(np.int16) >> 4 for band in image.split())
    counts = np.sort(np.bincount(((red << 8) | (green << 4) | blue).ravel(), minlength=4096))[::-1] / red.size
    return float(np.log2(1 + (np.cumsum(counts) < 0.9).sum())), float(counts[:3].sum())
