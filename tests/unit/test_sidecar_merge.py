"""Sidecar values take precedence over those in the file; the two times together may reveal the time zone."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from uploads.sidecars.merge import PlaceAndTime, combine_times, merge_sidecars, place_and_time
from uploads.sidecars.values import SidecarTime, SidecarValues

NOON = datetime(2024, 1, 31, 12, 0, 0, tzinfo=UTC)
CET = timezone(timedelta(hours=1))


def test_instant_of_a_service_and_local_time_of_the_camera_give_the_zone() -> None:
    file = (NOON + timedelta(hours=1, milliseconds=250), None)

    assert combine_times(SidecarTime(NOON), *file) == (NOON + timedelta(milliseconds=250), 60)


def test_equal_times_give_no_zone() -> None:
    assert combine_times(SidecarTime(NOON), NOON, None) == (NOON, None)


@pytest.mark.parametrize("ahead", [timedelta(minutes=7), timedelta(hours=15), timedelta(days=-400)])
def test_other_time_of_a_service_replaces_the_camera_s(ahead: timedelta) -> None:
    assert combine_times(SidecarTime(NOON), NOON + ahead, None) == (NOON, None)


def test_file_s_fraction_and_zone_are_kept_if_the_times_agree() -> None:
    file = (NOON.astimezone(CET) + timedelta(milliseconds=250), 60)

    assert combine_times(SidecarTime(NOON), *file) == file
    assert combine_times(SidecarTime(NOON - timedelta(seconds=30), precision=60), *file) == file
    assert combine_times(SidecarTime(NOON + timedelta(hours=1), is_instant=False), *file) == file


def test_zone_of_a_sidecar_is_kept() -> None:
    sidecar = SidecarTime(NOON.astimezone(CET), 60)

    assert combine_times(sidecar, NOON + timedelta(hours=1), None) == (NOON, 60)
    assert combine_times(sidecar, NOON - timedelta(hours=9), None) == (NOON, 60)
    assert combine_times(sidecar, None, None) == (NOON, 60)


def test_date_without_time_keeps_the_file_s_time_of_that_day() -> None:
    midnight = NOON.replace(hour=0)
    sidecar = SidecarTime(midnight, is_instant=False, precision=86_400)

    assert combine_times(sidecar, NOON, 60) == (NOON, 60)
    assert combine_times(sidecar, NOON + timedelta(days=1), 60) == (midnight, None)


def test_source_is_the_sidecar_only_if_it_changed_something() -> None:
    file = PlaceAndTime(NOON, None, "exif", 1.0, 2.0)
    earlier = SidecarTime(NOON - timedelta(hours=1))

    assert place_and_time(SidecarValues(time=SidecarTime(NOON)), file, "").source == "exif"
    assert place_and_time(SidecarValues(time=earlier), file, "").source == "sidecar"
    located = place_and_time(SidecarValues(latitude=5.0, longitude=6.0), file, "")
    assert located == PlaceAndTime(NOON, None, "exif", 5.0, 6.0)


def test_date_in_the_file_name_is_the_last_resort() -> None:
    name, nothing = "IMG_20240131_120000.jpg", PlaceAndTime()

    assert place_and_time(SidecarValues(), nothing, name) == PlaceAndTime(NOON, None, "name")
    sidecar = SidecarValues(time=SidecarTime(NOON - timedelta(hours=1)))
    assert place_and_time(sidecar, nothing, name).source == "sidecar"
    assert place_and_time(SidecarValues(), PlaceAndTime(NOON, 60, "exif"), "IMG_20200101_000000.jpg").source == "exif"
    assert place_and_time(SidecarValues(), nothing, "IMG_1.jpg") == nothing


MIDNIGHT = NOON.replace(hour=0)


@pytest.mark.parametrize(
    ("file", "name", "expected"),
    [
        ((MIDNIGHT, None, "exif_date"), "IMG_20240131_120000.jpg", (NOON, None, "name")),
        ((MIDNIGHT, None, "exif_date"), "IMG_20240201_120000.jpg", (MIDNIGHT, None, "exif_date")),
        ((MIDNIGHT, None, "exif_date"), "Scan 20240131.jpg", (MIDNIGHT, None, "exif_date")),
        ((MIDNIGHT, None, "exif"), "IMG_20240131_120000.jpg", (MIDNIGHT, None, "exif")),
    ],
)
def test_date_without_a_time_of_day_gets_it_from_the_name(
    file: tuple[datetime, int | None, str], name: str, expected: tuple[datetime, int | None, str]
) -> None:
    assert place_and_time(SidecarValues(), PlaceAndTime(*file), name) == PlaceAndTime(*expected)


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        (SidecarTime(MIDNIGHT - timedelta(hours=2)), (MIDNIGHT - timedelta(hours=2), None, "sidecar")),
        (SidecarTime(MIDNIGHT, is_instant=False, precision=86_400), (MIDNIGHT, None, "exif_date")),
    ],
)
def test_time_of_a_sidecar_replaces_a_date_without_a_time_of_day(
    time: SidecarTime, expected: tuple[datetime, int | None, str]
) -> None:
    found = place_and_time(SidecarValues(time=time), PlaceAndTime(MIDNIGHT, None, "exif_date"), "scan.jpg")

    assert found == PlaceAndTime(*expected)


@pytest.mark.parametrize(
    ("file", "name", "utc_offset"),
    [
        ((NOON, 0, "container"), "VID_20240131_140000.mp4", 120),
        ((NOON, 0, "container"), "20240131_064415.mp4", -315),
        ((NOON, 0, "container"), "VID_20240131_135830.mp4", 120),
        ((NOON, 0, "container"), "PXL_20240131_120000123.mp4", 0),
        ((NOON, 0, "gps"), "IMG_20240131_140000.jpg", 120),
        ((NOON, 0, "container"), "VID_20240131_135500.mp4", 0),
        ((NOON, 0, "container"), "VID_20240130_140000.mp4", 0),
        ((NOON, 0, "container"), "VID-20240131-WA0001.mp4", 0),
        ((NOON, 0, "exif"), "IMG_20240131_140000.jpg", 0),
        ((NOON, None, "container"), "20240131_140000.avi", None),
    ],
)
def test_instant_in_the_file_and_local_time_in_the_name_give_the_zone(
    file: tuple[datetime, int | None, str], name: str, utc_offset: int | None
) -> None:
    expected = PlaceAndTime(file[0], utc_offset, file[2])

    assert place_and_time(SidecarValues(), PlaceAndTime(*file), name) == expected
    assert place_and_time(SidecarValues(time=SidecarTime(NOON)), PlaceAndTime(*file), name) == expected


def test_place_and_time_survive_json() -> None:
    for value in (PlaceAndTime(), PlaceAndTime(NOON.astimezone(CET), 60, "exif", 1.0, 2.0)):
        assert PlaceAndTime.from_json(json.loads(json.dumps(value.as_json()))) == value


def test_first_sidecar_with_a_value_is_used_and_lists_are_combined() -> None:
    stored = {
        "apple": SidecarValues(favourite=False, caption="c", albums=("A", "B")).as_json(),
        "takeout": SidecarValues(favourite=True, caption="b", latitude=1.0, longitude=2.0, albums=("B", "C")).as_json(),
        "xmp": SidecarValues(caption="a", rating=0).as_json(),
        "file": {"taken_at": None},
    }

    merged = merge_sidecars(stored)

    assert (merged.caption, merged.favourite, merged.rating, merged.latitude) == ("a", True, 0, 1.0)
    assert merged.albums == ("B", "C", "A")
