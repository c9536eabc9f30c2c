"""Name places, using a list of cities that ships with the program. Nothing is sent to a server."""

from django.utils.module_loading import import_string


def name_place(latitude: float | None, longitude: float | None) -> str:
    """Return the name of the place at coordinates in degrees, or "" if there is none. See Cities.nearest.

    numpy and the list are loaded on first use, because most processes do not need them. Raises EnvironmentalError
    `analysis.weights`.
    """
    if latitude is None or longitude is None:
        return ""
    name: str = import_string("uploads.places.nearest_city.cities")().nearest(latitude, longitude)
    return name


def find_place(name: str) -> tuple[float, float] | None:
    """Return the coordinates of the city with this name, or None. Raises the same errors as name_place()."""
    found: tuple[float, float] | None = import_string("uploads.places.nearest_city.cities")().find(name)
    return found
