"""Find lines of text in the map that a text detector computes. Pure functions only.

The map gives each pixel the probability that it is in the core of a line of text; cores are smaller than lines, so that
they do not touch (Differentiable Binarization, Liao et al. 2020, arXiv:1911.08947).
"""

from dataclasses import dataclass
from math import cos, radians, sin

import numpy as np
import numpy.typing as npt

from uploads.analysis.model_files import Floats

_IN_CORE = 0.3
_MIN_SCORE = 0.5
_MIN_SIDE = 3.0
# The distance from a core to the outline of its line, as a multiple of the core's area divided by its perimeter.
_UNCLIP = 1.6
_COARSE = np.radians(np.arange(-45.0, 45.0, 1.5))
_FINE = np.radians(np.arange(-1.5, 1.55, 0.1))


@dataclass(frozen=True, slots=True)
class TextBox:
    """A rectangle around a line of text, in pixels. (`x`, `y`) is its centre.

    The line runs along the sides of length `width`, in the direction of `angle`: 0 is to the right, 90 down. It may
    also run in the opposite direction; the map does not show which.
    """

    x: float
    y: float
    width: float
    height: float
    angle: float

    def scaled(self, by_x: float, by_y: float) -> "TextBox":
        """Return the box for a copy of the picture resized by `by_x` and `by_y`, which must be nearly equal."""
        mean = (by_x * by_y) ** 0.5
        return TextBox(self.x * by_x, self.y * by_y, self.width * mean, self.height * mean, self.angle)

    def turned(self) -> "TextBox":
        """Return the same rectangle with the line in the opposite direction."""
        return TextBox(self.x, self.y, self.width, self.height, self.angle + 180)

    @property
    def direction(self) -> tuple[float, float]:
        """The unit vector along the line."""
        return cos(radians(self.angle)), sin(radians(self.angle))


@dataclass(slots=True)
class _Core:
    """A connected area of the map. `ends` has (left, right, y) for each run; `total` is the sum of pixel values."""

    ends: list[tuple[int, int, int]]
    pixels: int = 0
    total: float = 0.0


def find_boxes(probabilities: Floats, limit: int) -> list[TextBox]:
    """Find lines of text in a map of shape (height, width). Return up to `limit` boxes, the largest first."""
    found = [box for core in _find_cores(probabilities) if (box := _surround(core)) is not None]
    return sorted(found, key=lambda box: -box.width * box.height)[:limit]


def _find_cores(probabilities: Floats) -> list[_Core]:
    """Find connected areas: join runs of pixels that touch in neighbouring rows, with union-find."""
    sums = np.cumsum(np.pad(probabilities, ((0, 0), (1, 0))), axis=1)
    edges = np.diff(np.pad((probabilities > _IN_CORE).view(np.int8), ((0, 0), (1, 1))), axis=1)
    parents: list[int] = []
    cores: list[_Core] = []

    def root(one: int) -> int:
        while parents[one] != one:
            parents[one] = parents[parents[one]]
            one = parents[one]
        return one

    above: list[tuple[int, int, int]] = []
    for y, row in enumerate(edges):
        runs = []
        for left, right in np.flatnonzero(row).reshape(-1, 2).tolist():
            touching = {root(one) for start, end, one in above if start <= right and left <= end}
            mine = min(touching, default=len(parents))
            if not touching:
                parents.append(mine)
                cores.append(_Core([]))
            core = cores[mine]
            for other in touching - {mine}:
                parents[other] = mine
                core.ends += cores[other].ends
                core.pixels += cores[other].pixels
                core.total += cores[other].total
            core.ends.append((left, right, y))
            core.pixels += right - left
            core.total += float(sums[y, right] - sums[y, left])
            runs.append((left, right, mine))
        above = runs
    return [core for one, core in enumerate(cores) if parents[one] == one]


def _surround(core: _Core) -> TextBox | None:
    """Return the box of the line with this core, or None if it is too small or too uncertain."""
    if core.total < _MIN_SCORE * core.pixels:
        return None
    left, right, y = np.array(core.ends, np.float64).T
    corners = np.hstack([np.stack([x, row]) for x in (left, right) for row in (y, y + 1)])
    angle = _tightest(corners, _COARSE)
    angle = _tightest(corners, angle + _FINE)
    low, high = _extents(corners, np.array([angle]))
    (width, height), (along, across) = (high - low)[:, 0], (high + low)[:, 0] / 2
    if min(width, height) < _MIN_SIDE:
        return None
    x, y = along * cos(angle) - across * sin(angle), along * sin(angle) + across * cos(angle)
    if height >= 1.5 * width:
        width, height, angle = height, width, angle + np.pi / 2
    margin = _UNCLIP * width * height / (width + height)
    return TextBox(float(x), float(y), float(width + margin), float(height + margin), float(np.degrees(angle)))


def _tightest(corners: npt.NDArray[np.float64], angles: npt.NDArray[np.float64]) -> float:
    """Return the angle in `angles` for which the rectangle around `corners` is smallest."""
    low, high = _extents(corners, angles)
    areas = np.prod(high - low, axis=0)
    # Among rectangles with nearly the same area, choose the one with the smallest rotation.
    return float(min(angles[areas <= areas.min() * 1.01], key=abs))


def _extents(
    corners: npt.NDArray[np.float64], angles: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the lowest and highest coordinates of `corners` along and across each angle, as two arrays (2, angles)."""
    cosines, sines = np.cos(angles)[:, None], np.sin(angles)[:, None]
    x, y = corners
    turned = np.stack([x * cosines + y * sines, y * cosines - x * sines])
    return turned.min(axis=2), turned.max(axis=2)
