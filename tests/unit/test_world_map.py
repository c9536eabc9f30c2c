"""Coordinates are converted to the right point of the map on a picture's page."""

import re

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from uploads.places.world_map import WORLD, project, view_around


@pytest.mark.parametrize(
    ("latitude", "longitude", "point"),
    [(0, 0, (0, 0)), (0, 180, (1800, 0)), (38.7223, -9.1393, (-91, -421)), (-84, 0, (0, 1689)), (-90, 0, (0, 1689))],
)
def test_map_is_a_mercator_projection(latitude: float, longitude: float, point: tuple[int, int]) -> None:
    assert project(latitude, longitude) == point


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_location_is_inside_the_part_that_is_shown(latitude: float, longitude: float) -> None:
    view = view_around(latitude, longitude)

    assert view.left <= view.x <= view.left + view.width
    assert view.top <= view.y <= view.top + view.height
    assert -1800 <= view.left <= 1800 - view.width


def test_no_coast_crosses_the_whole_map() -> None:
    path = (settings.BASE_DIR / "static/img/world.svg").read_text().partition(' d="')[2]
    steps = [(int(x), int(y)) for x, y in re.findall(r"[l ](-?\d+),(-?\d+)", path)]

    assert len(steps) > 1000
    # The only longer line is the southern edge of the map, which closes the coast of Antarctica.
    assert [step for step in steps if abs(step[0]) > WORLD // 2] == [(-3583, 0)]
