"""Coordinates are resolved to the name of the nearest city, if one is near."""

from pathlib import Path

import pytest

from uploads.errors import EnvironmentalError
from uploads.places import name_place
from uploads.places.nearest_city import Cities, cities


@pytest.mark.parametrize(
    ("latitude", "longitude", "name"),
    [
        (38.7139, -9.1334, "Lisbon, Portugal"),
        (48.137, 11.575, "Munich, Germany"),
        (48.249, 11.651, "Garching, Germany"),
        (40.728, -74.07, "Jersey City, New Jersey, United States"),
        (1.29, 103.85, "Singapore"),
        (30.0, -40.0, ""),
        (90.0, 0.0, ""),
        (None, 8.0, ""),
    ],
)
def test_place_has_the_name_of_the_nearest_city(latitude: float | None, longitude: float, name: str) -> None:
    assert name_place(latitude, longitude) == name


@pytest.mark.parametrize("text", ["Zürich", "zurich", "Zurich, Switzerland", " zurich ,switz"])
def test_city_is_found_by_its_name_without_accents(text: str) -> None:
    found = cities().find(text)

    assert found is not None
    assert name_place(*found) == "Zürich, Switzerland"


def test_damaged_list_is_an_error_of_the_installation(tmp_path: Path) -> None:
    (tmp_path / "cities.npz").write_bytes(b"damaged")

    with pytest.raises(EnvironmentalError) as raised:
        Cities(tmp_path / "cities.npz")

    assert raised.value.code == "analysis.weights"
