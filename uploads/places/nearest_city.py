"""Name the city at or near coordinates, such as "Lisbon, Portugal".

The list has all 230,000 cities and villages of GeoNames' cities500. Its arrays are ordered by latitude: `latitudes` and
`longitudes` in thousandths of a degree, `reach` in units of 100 m, `region_of` (an index into `regions`), and `names`.
`names` and `regions` are UTF-8 lines. tools/build_places.py builds the file, and NOTICE names its source.
"""

import hashlib
import io
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from uploads.errors import EnvironmentalError
from uploads.text import fold

FILE = Path(__file__).with_name("cities.npz")
SHA256 = "6076eb7eddf1a10d9869d1413d74423d25a655394aa2bbfe535d1b8c3511d796"

MAX_KM = 50.0
"""Places farther than this from every city have no name."""

_EARTH_KM = 6371.0
_KM_PER_DEGREE = 111.2


class Cities:
    """The list of cities: 8 MB in memory. Raises EnvironmentalError `analysis.weights` if the file is damaged."""

    def __init__(self, file: Path = FILE) -> None:
        with np.load(io.BytesIO(_read(file))) as arrays:
            self._latitudes: npt.NDArray[np.float64] = arrays["latitudes"] / 1000
            self._longitudes: npt.NDArray[np.float64] = arrays["longitudes"] / 1000
            self._reach, self._region_of = arrays["reach"], arrays["region_of"]
            self._names = arrays["names"]
            self._regions = arrays["regions"].tobytes().decode().split("\n")
        ends = np.flatnonzero(self._names == ord("\n"))
        self._starts = np.concatenate(([0], ends + 1, [self._names.size + 1]))

    def nearest(self, latitude: float, longitude: float) -> str:
        """Return the name of the nearest city with its region and country, or "" if none is within MAX_KM.

        A city's reach, which grows with its population, is subtracted from the distance. Otherwise most pictures of a
        large city would be named after its districts and suburbs.
        """
        margin = MAX_KM / _KM_PER_DEGREE
        first, last = np.searchsorted(self._latitudes, (latitude - margin, latitude + margin))
        band = slice(int(first), int(last))
        distances = _distances(latitude, longitude, self._latitudes[band], self._longitudes[band])
        near = np.flatnonzero(distances <= MAX_KM)
        if not near.size:
            return ""
        best = near[np.argmin(distances[near] - self._reach[band][near] / 10)]
        return self._name(band.start + int(best))

    def find(self, text: str) -> tuple[float, float] | None:
        """Return the coordinates of the largest city with this name, or None if there is none.

        The name may include the region or country, as in “Lisbon, Portugal”. Case and accents are ignored. All names
        are compared.
        """
        name, _, region = (part.strip() for part in fold(text).casefold().partition(","))
        rows = [row for row, line in enumerate(self._folded.split("\n")) if line == name] if name else []
        regions = [fold(self._regions[self._region_of[row]]).casefold() for row in rows]
        matching = [row for row, known in zip(rows, regions, strict=True) if region in known]
        if not matching:
            return None
        best = max(matching, key=lambda row: int(self._reach[row]))
        return float(self._latitudes[best]), float(self._longitudes[best])

    @cached_property
    def _folded(self) -> str:
        """All names without accents, in lower case, one per line."""
        return fold(self._names.tobytes().decode()).casefold()

    def _name(self, row: int) -> str:
        start, end = self._starts[row], self._starts[row + 1] - 1
        city, region = self._names[start:end].tobytes().decode(), self._regions[self._region_of[row]]
        return city if city == region else f"{city}, {region}"


@cache
def cities() -> Cities:
    """Return the list. It is loaded once per process, which takes 80 ms."""
    return Cities()


def _read(file: Path) -> bytes:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise EnvironmentalError("analysis.weights", name=file.name, problem="missing") from error
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise EnvironmentalError("analysis.weights", name=file.name, problem="damaged")
    return data


def _distances(latitude: float, longitude: float, latitudes: Any, longitudes: Any) -> npt.NDArray[np.float64]:
    """Return great-circle distances in km, by the haversine formula."""
    rise, turn = np.radians(latitudes - latitude) / 2, np.radians(longitudes - longitude) / 2
    shrink = np.cos(np.radians(latitude)) * np.cos(np.radians(latitudes))
    found: npt.NDArray[np.float64] = 2 * _EARTH_KM * np.arcsin(np.sqrt(np.sin(rise) ** 2 + shrink * np.sin(turn) ** 2))
    return found
