"""Convert coordinates to points on the map of the picture page, static/img/world.svg.

The map is a Mercator projection, like most maps on the web. Its unit is a tenth of a degree of longitude, x grows to
the east and y to the south, and (0, 0) is where the equator meets the prime meridian.
"""

import math
from dataclasses import dataclass

NORTH = 84.0
"""The northern edge of the map, in degrees of latitude. The southern edge is equally far from the equator."""

WIDTH, HEIGHT = 1200, 560
"""The size of the part of the map that is shown around a place."""

WORLD = 3600
"""The width of the map."""


@dataclass(frozen=True, slots=True)
class MapView:
    """The part of the map around a place: its upper left corner, its size, and where the place is."""

    left: int
    top: int
    x: int
    y: int
    width: int = WIDTH
    height: int = HEIGHT


def project(latitude: float, longitude: float) -> tuple[int, int]:
    """Return the point on the map at these coordinates, in degrees."""
    radians = math.radians(max(-NORTH, min(NORTH, latitude)))
    return round(10 * longitude), round(-10 * math.degrees(math.asinh(math.tan(radians))))


def view_around(latitude: float, longitude: float) -> MapView:
    """Return the part of the map around these coordinates. They are at its centre, except near the edges of the map."""
    x, y = project(latitude, longitude)
    _, end = project(-NORTH, 0)
    left = max(-WORLD // 2, min(x - WIDTH // 2, WORLD // 2 - WIDTH))
    return MapView(left, max(-end, min(y - HEIGHT // 2, end - HEIGHT)), x, y)
