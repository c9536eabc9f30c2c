"""The forms for dates and locations accept the usual ways to type them, and reject other text."""

from datetime import UTC, datetime
from typing import Any

import pytest

from batches.views.edit_forms import DateForm, LocationForm, parse_position
from uploads.sidecars.merge import PlaceAndTime

NOON = PlaceAndTime(datetime(2024, 7, 1, 12, tzinfo=UTC), 60, "exif")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"how": "shift", "days": "1", "hours": "2"}, ("2024-07-02T14:00:00+00:00", 60)),
        ({"how": "shift", "seconds": "30", "direction": "earlier"}, ("2024-07-01T11:59:30+00:00", 60)),
        ({"how": "date", "date": "1999-12-31"}, ("1999-12-31T12:00:00+00:00", 60)),
        ({"how": "date", "date": "1999-12-31", "time": "00:30"}, ("1999-12-30T23:30:00+00:00", 60)),
        ({"how": "zone", "zone": "Europe/Lisbon"}, ("2024-07-01T12:00:00+00:00", 60)),
        ({"how": "zone", "zone": "UTC-3"}, ("2024-07-01T16:00:00+00:00", -180)),
    ],
)
def test_date_form_says_how_to_change_a_date(data: dict[str, Any], expected: tuple[str, int]) -> None:
    form = DateForm(data)

    assert form.is_valid(), form.errors
    change = form.change()
    assert change
    changed = change(NOON)
    assert (changed["taken_at"], changed["utc_offset"]) == expected


@pytest.mark.parametrize(
    "data",
    [
        {"how": "shift"},
        {"how": "shift", "hours": "-1"},
        {"how": "shift", "days": "999999999"},
        {"how": "date"},
        {"how": "date", "date": "31 December"},
        {"how": "date", "date": "0001-12-31"},
        {"how": "date", "date": "2200-01-01"},
        {"how": "zone"},
        {"how": "zone", "zone": "../../etc/passwd"},
        {"how": "zone", "zone": "UTC+25"},
        {"how": "other"},
    ],
)
def test_invalid_dates_are_explained(data: dict[str, Any]) -> None:
    form = DateForm(data)

    assert not form.is_valid()
    assert form.errors


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("38.7223, -9.1393", (38.7223, -9.1393)),
        ("38.7223° N, 9.1393° W", (38.7223, -9.1393)),
        ("-33.9 18.4", (-33.9, 18.4)),
        ("lisbon", (38.725, -9.15)),
        ("Lisbon, Portugal", (38.725, -9.15)),
        ("Paris, Texas", (33.661, -95.556)),
        ("95, 10", None),
        ("0, 0", None),
        ("Xanadux", None),
        ("", None),
    ],
)
def test_location_is_coordinates_or_the_largest_city_of_a_name(text: str, position: tuple[float, float] | None) -> None:
    assert parse_position(text) == position


def test_unknown_place_is_explained() -> None:
    assert "place" in LocationForm({"how": "place", "place": "Xanadux"}).errors
    assert LocationForm({"how": "remove"}).is_valid()
