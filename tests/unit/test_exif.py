import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from tests.support.images import encoded, textured, written
from uploads.media.exif import ExifData, interpret_tags
from uploads.media.exif_time import read_time
from uploads.media.image import Picture, read_picture
from uploads.media.photo_time import PhotoTime

MAKE, MODEL, DATE, EXIF, GPS = 0x010F, 0x0110, 0x0132, 0x8769, 0x8825
ORIGINAL, OFFSET, OFFSET_TIME, SUBSECONDS, LENS, F_NUMBER = 0x9003, 0x9011, 0x9010, 0x9291, 0xA434, 0x829D


def _exif(tags: dict[int, object], ifd: int | None = None, more: dict[int, object] | None = None) -> ExifData:
    gps = more or {} if ifd == GPS else {}
    return interpret_tags(tags | (more or {} if ifd == EXIF else {}), gps)


def _photo(folder: Path, exif: Image.Exif | bytes) -> Picture:
    return read_picture(written(folder, encoded(textured(64, 48), "JPEG", exif=exif)))


def test_date_has_the_time_zone_and_fraction() -> None:
    exif = _exif({}, EXIF, {ORIGINAL: "2024:07:01 18:30:05", OFFSET: "+02:00", SUBSECONDS: "25"})

    assert exif.time.taken_at == datetime(2024, 7, 1, 18, 30, 5, 250_000, timezone(timedelta(hours=2)))


def test_date_without_time_zone_is_utc() -> None:
    exif = _exif({}, EXIF, {ORIGINAL: "2024:07:01 18:30:05"})

    assert exif.time == PhotoTime(datetime(2024, 7, 1, 18, 30, 5, tzinfo=UTC), None, "exif")


GPS_TIME = {29: "2024:06:30", 7: (22.0, 31.0, IFDRational(4, 1))}


@pytest.mark.parametrize(
    ("tags", "gps", "utc_offset"),
    [
        ({ORIGINAL: "2024:07:01 18:30:05", OFFSET: "+00:00"}, {}, 0),
        ({ORIGINAL: "2024:07:01 18:30:05", OFFSET: "+2:00"}, {}, 120),
        ({ORIGINAL: "2024:07:01 18:30:05", OFFSET: "-03:30", OFFSET_TIME: "+09:00"}, {}, -210),
        ({ORIGINAL: "2024:07:01 18:30:05", OFFSET: "   :  ", OFFSET_TIME: "+09:00"}, {}, 540),
        ({ORIGINAL: "2024:07:01 18:30:05", OFFSET: "+15:00"}, {}, None),
        ({ORIGINAL: "2024-07-01T18:30:05.25Z"}, {}, 0),
        ({ORIGINAL: "2024/07/01 18:30:05+05:45"}, {}, 345),
        ({ORIGINAL: "2024-07-01 18:30 +0200"}, {}, 120),
        ({ORIGINAL: "2024.07.01 18:30:05 -3"}, {}, -180),
        ({ORIGINAL: "2024:07:01 18:30:05", OFFSET: "UTC+10"}, {}, 600),
        ({ORIGINAL: "2024:07:01 18:30:05", OFFSET: "+200"}, {}, 120),
        ({ORIGINAL: "2024:07:01 18:30:05", OFFSET: "\N{MINUS SIGN}03:30"}, {}, -210),
        ({ORIGINAL: "2024:07:01 00:30:05"}, GPS_TIME, 120),
        ({ORIGINAL: "2024:07:01 00:30:05", OFFSET: "+01:00"}, GPS_TIME, 60),
        ({ORIGINAL: "2024:07:01 00:40:05"}, GPS_TIME, None),
        ({ORIGINAL: "2024:07:01 00:30:05"}, {29: "2024:06:30", 7: (IFDRational(0, 0), 31.0, 4.0)}, None),
    ],
)
def test_time_zone_comes_from_the_best_tag(
    tags: dict[int, object], gps: dict[int, object], utc_offset: int | None
) -> None:
    time = read_time(tags, gps)

    zone = timezone(timedelta(minutes=utc_offset or 0))
    assert time.utc_offset == utc_offset
    assert time.taken_at is not None
    assert time.taken_at.tzinfo == zone
    assert (time.taken_at.year, time.taken_at.month, time.taken_at.day) == (2024, 7, 1)


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("2003:08:08 3:45:12 PM", (15, 45, 12)),
        ("2003:08:08 12:45:12 am", (0, 45, 12)),
        ("2003:08:08 12:45:12 PM", (12, 45, 12)),
        ("2003:08:08 12:45:12 Amsterdam", (12, 45, 12)),
        ("2003:08:08 15:45:12 PM", (15, 45, 12)),
        ("2003.08.08 18.35.12", (18, 35, 12)),
        ("2003:08:08 23:59:60", (23, 59, 59)),
        ("2003:08:08 24:08:19", (0, 8, 19)),
        ("2003:08:08 24:00:00", (0, 0, 0)),
    ],
)
def test_hours_and_seconds_of_unusual_dates(text: str, clock: tuple[int, int, int]) -> None:
    assert read_time({ORIGINAL: text}, {}).taken_at == datetime(2003, 8, 8, *clock, tzinfo=UTC)


DAY_BEFORE, DAY = "2024:06:29", "2024:06:30"


@pytest.mark.parametrize(
    ("tags", "gps", "expected"),
    [
        ({ORIGINAL: DAY}, {}, ("2024-06-30T00:00:00", None, "exif_date")),
        ({ORIGINAL: f"{DAY}   :  :  "}, {}, ("2024-06-30T00:00:00", None, "exif_date")),
        ({ORIGINAL: DAY, OFFSET: "+02:00", SUBSECONDS: "25"}, {}, ("2024-06-30T00:00:00", None, "exif_date")),
        ({ORIGINAL: DAY, DATE: f"{DAY} 18:30:05"}, {}, ("2024-06-30T18:30:05", None, "exif")),
        ({ORIGINAL: DAY_BEFORE, DATE: f"{DAY} 18:30:05"}, {}, ("2024-06-29T00:00:00", None, "exif_date")),
        ({ORIGINAL: DAY}, GPS_TIME, ("2024-06-30T22:31:04", 0, "gps")),
        ({ORIGINAL: DAY_BEFORE}, GPS_TIME, ("2024-06-29T00:00:00", None, "exif_date")),
        ({}, {29: DAY}, ("2024-06-30T00:00:00", None, "exif_date")),
        ({}, {29: DAY, 7: (24.0, 0.0, 0.0)}, ("2024-06-30T00:00:00", None, "exif_date")),
        ({ORIGINAL: f"{DAY} 18:30:05"}, {29: DAY}, ("2024-06-30T18:30:05", None, "exif")),
    ],
)
def test_date_without_a_time_of_day(
    tags: dict[int, object], gps: dict[int, object], expected: tuple[str, int | None, str]
) -> None:
    time = read_time(tags, gps)

    assert time.taken_at is not None
    assert (time.taken_at.isoformat().removesuffix("+00:00"), time.utc_offset, time.source) == expected


@pytest.mark.parametrize("date", ["9999:12:31", "1979:12:31", "0001:01:01"])
def test_date_of_an_impossible_gps_fix_is_ignored(date: str) -> None:
    assert read_time({}, {29: date, 7: (23.9, 59.9, 59.9)}) == PhotoTime()
    assert read_time({ORIGINAL: "2024:07:01 18:30:05"}, {29: date, 7: (23.9, 59.9, 59.9)}).utc_offset is None


def test_time_of_the_gps_fix_counts_without_a_date() -> None:
    time = read_time({ORIGINAL: "    :  :     :  :  "}, GPS_TIME)

    assert time == PhotoTime(datetime(2024, 6, 30, 22, 31, 4, tzinfo=UTC), 0, "gps")


DATE_TEXT = st.text("01249:-/. TZ+APM", max_size=30) | st.from_regex(r"\A\d{4}:\d\d:\d\d( \d\d:\d\d:\d\d)?\Z")


@given(original=DATE_TEXT, changed=DATE_TEXT, stamp=DATE_TEXT, fix=st.tuples(*[st.floats() | st.integers(0, 61)] * 3))
def test_any_date_is_accepted(original: str, changed: str, stamp: str, fix: tuple[float, float, float]) -> None:
    time = read_time({ORIGINAL: original, DATE: changed}, {29: stamp, 7: fix})

    assert bool(time.source) == (time.taken_at is not None)


def test_modification_date_is_the_fallback() -> None:
    assert _exif({DATE: "2019:01:02 03:04:05"}).time.taken_at == datetime(2019, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "date",
    ["0000:00:00 00:00:00", "2024:13:40 99:00:00", "    :  :     :  :  ", "", b"\xff\xfe", 7, "0001:01:01 00:00:00"],
)
def test_invalid_date_is_ignored(date: object) -> None:
    assert _exif({}, EXIF, {ORIGINAL: date}).time.taken_at is None


@pytest.mark.parametrize(
    ("make", "model", "camera"),
    [
        ("Apple", "iPhone 15 Pro", "Apple iPhone 15 Pro"),
        ("Canon", "Canon EOS R6", "Canon EOS R6"),
        ("NIKON CORPORATION", "NIKON Z 6", "NIKON Z 6"),
        ("Leica\x00\x00", "Q2\x00junk", "Leica Q2junk"),
        ("", "DSC-RX100", "DSC-RX100"),
        ("FUJIFILM", "", "FUJIFILM"),
        ("", "", ""),
    ],
)
def test_camera_does_not_repeat_the_brand(make: str, model: str, camera: str) -> None:
    assert _exif({MAKE: make, MODEL: model}).camera == camera


def test_coordinates_follow_their_references() -> None:
    gps: dict[int, object] = {1: "S", 2: (33.0, 51.0, 24.48), 3: "W", 4: (151, 12, 35.64)}

    exif = _exif({}, GPS, gps)

    assert exif.latitude == pytest.approx(-33.8568)
    assert exif.longitude == pytest.approx(-151.2099)


def test_degrees_may_be_one_number_with_decimals() -> None:
    exif = _exif({}, GPS, {1: "S", 2: (33.8568,), 3: "W", 4: 151.2099})

    assert exif.latitude == pytest.approx(-33.8568)
    assert exif.longitude == pytest.approx(-151.2099)


@pytest.mark.parametrize("reference", ["S", "s", "", "N"])
def test_negative_degrees_are_in_the_south(reference: str) -> None:
    exif = _exif({}, GPS, {1: reference, 2: (-33.0, 51.0, 24.48), 3: "E", 4: (151, 12, 35.64)})

    assert exif.latitude == pytest.approx(-33.8568)


@pytest.mark.parametrize(
    "gps",
    [
        {1: "N", 2: (IFDRational(0, 0), IFDRational(0, 0), IFDRational(0, 0)), 3: "E", 4: (1, 2, 3)},
        {1: "N", 2: (200, 0, 0), 3: "E", 4: (1, 2, 3)},
        {1: "N", 2: "somewhere", 3: "E", 4: (1, 2, 3)},
        {1: "N", 2: (0, 0, 0), 3: "E", 4: (0, 0, 0)},
        {1: "N", 2: (48, 12, 0)},
        {},
    ],
)
def test_invalid_coordinates_are_ignored(gps: dict[int, object]) -> None:
    exif = _exif({}, GPS, gps)

    assert (exif.latitude, exif.longitude) == (None, None)


def test_photo_provides_all_values(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.update({MAKE: "Sony", MODEL: "ILCE-7M4"})
    exif.get_ifd(EXIF).update({ORIGINAL: "2023:05:06 07:08:09", LENS: "FE 35mm F1.8", F_NUMBER: IFDRational(18, 10)})
    exif.get_ifd(GPS).update({1: "N", 2: (52, 30, 0), 3: "E", 4: (13, 24, 0), 5: b"\x01", 6: IFDRational(5, 2)})

    picture = _photo(tmp_path, exif)

    assert picture.exif.camera == "Sony ILCE-7M4"
    assert picture.exif.time.taken_at == datetime(2023, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert (picture.exif.latitude, picture.exif.longitude) == (52.5, 13.4)
    assert picture.metadata["lens"] == "FE 35mm F1.8"
    assert picture.metadata["f_number"] == 1.8
    assert picture.metadata["altitude"] == -2.5


def test_metadata_is_short_and_safe_to_store(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.update({0x010E: "caption\x00 " + "x" * 50_000, 0x8298: "©\ud800".encode("utf-8", "surrogatepass")})
    exif.get_ifd(EXIF).update({F_NUMBER: IFDRational(1, 0)})

    stored = json.dumps(_photo(tmp_path, exif).metadata, allow_nan=False, ensure_ascii=False)

    assert len(stored.encode()) < 4000
    assert "\\u0000" not in stored
    assert "f_number" not in stored


def test_utf8_text_is_decoded(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x013B] = "Jürgen Groß".encode()

    assert _photo(tmp_path, exif).metadata["artist"] == "Jürgen Groß"


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize(
    "exif", [b"Exif\x00\x00garbage", b"Exif\x00\x00II*\x00\xff\xff\xff\xff", b"Exif\x00\x00MM\x00*\x00\x00"]
)
def test_broken_exif_is_ignored(exif: bytes, tmp_path: Path) -> None:
    picture = _photo(tmp_path, exif)

    assert (picture.width, picture.exif) == (64, ExifData())
