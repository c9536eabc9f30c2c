"""An owner changes the time and the location of pictures."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from uploads.sidecars.merge import PlaceAndTime
from uploads.sidecars.own_edits import (
    EDITS,
    LOCATION,
    TIME,
    Change,
    apply_edits,
    set_date,
    set_location,
    set_zone,
    shift_time,
    with_edit,
)

NOON = datetime(2024, 1, 31, 12, 0, 0, 250_000, tzinfo=UTC)
CET = PlaceAndTime(NOON, 60, "exif", 1.0, 2.0)
NO_ZONE = PlaceAndTime(NOON, None, "exif")
NOTHING = PlaceAndTime()


def edited(shown: PlaceAndTime, change: Change) -> Any:
    """Return the time and its offset after a change."""
    found = apply_edits(shown, {TIME: change(shown)})
    assert found.source == "own"
    return found.taken_at, found.utc_offset


def test_shift_moves_the_clock_and_keeps_the_zone() -> None:
    assert edited(CET, shift_time(timedelta(days=-1, hours=2))) == (NOON + timedelta(days=-1, hours=2), 60)
    assert edited(NO_ZONE, shift_time(timedelta(seconds=-1))) == (NOON - timedelta(seconds=1), None)


def test_changed_zone_keeps_the_local_time() -> None:
    assert edited(NO_ZONE, set_zone(timezone(timedelta(hours=-5)))) == (NOON + timedelta(hours=5), -300)
    assert edited(CET, set_zone(UTC)) == (NOON + timedelta(hours=1), 0)


def test_named_zone_gives_each_picture_the_offset_of_its_date() -> None:
    lisbon = set_zone(ZoneInfo("Europe/Lisbon"))
    july = PlaceAndTime(datetime(2024, 7, 1, tzinfo=UTC), None, "exif")

    assert (edited(NO_ZONE, lisbon)[1], edited(july, lisbon)[1]) == (0, 60)


def test_date_keeps_the_time_of_day_and_the_zone() -> None:
    new_year = date(1999, 1, 1)

    assert edited(CET, set_date(new_year, None)) == (NOON.replace(year=1999, month=1, day=1), 60)
    assert edited(CET, set_date(new_year, time(0, 30))) == (datetime(1998, 12, 31, 23, 30, tzinfo=UTC), 60)
    assert edited(NOTHING, set_date(new_year, None)) == (datetime(1999, 1, 1, 12, tzinfo=UTC), None)


@pytest.mark.parametrize(
    ("shown", "change"),
    [
        (NOTHING, shift_time(timedelta(hours=1))),
        (NOTHING, set_zone(UTC)),
        (CET, shift_time(timedelta(days=3_000_000))),
        (CET, shift_time(timedelta(days=-3_000_000))),
        (CET, shift_time(timedelta(days=-738_900))),
        (CET, shift_time(timedelta(days=2_913_000))),
    ],
)
def test_change_that_gives_no_valid_time_does_not_apply(shown: PlaceAndTime, change: Change) -> None:
    assert change(shown) is None


def test_location_can_be_set_and_removed() -> None:
    assert apply_edits(CET, {LOCATION: set_location(5.0, 6.0)(CET)}) == PlaceAndTime(NOON, 60, "exif", 5.0, 6.0)
    assert apply_edits(CET, {LOCATION: set_location(None, None)(CET)}) == PlaceAndTime(NOON, 60, "exif")


def test_last_edit_that_is_removed_leaves_no_trace() -> None:
    sidecars = {"xmp": {"rating": 5}}
    both = with_edit(with_edit(sidecars, TIME, 1), LOCATION, 2)

    assert both == {**sidecars, EDITS: {TIME: 1, LOCATION: 2}}
    assert with_edit(with_edit(both, TIME, None), LOCATION, None) == sidecars
