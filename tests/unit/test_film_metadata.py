"""Time, time zone, location and camera are read from the tags of videos; invalid tags are ignored."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.films import film
from tests.support.images import written
from uploads.media.decoder_process import read_media
from uploads.media.film_metadata import read_metadata
from uploads.media.image import MAX_PIXELS
from uploads.media.photo_time import PhotoTime

NOON = datetime(2024, 7, 1, 12, tzinfo=UTC)
APPLE = "com.apple.quicktime."


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({APPLE + "creationdate": "2024-07-01T14:00:00+0200"}, PhotoTime(NOON, 120, "container")),
        (
            {APPLE + "creationdate": "2024-07-01T07:30:00-04:30", "creation_time": "2024-07-02T00:00:00Z"},
            PhotoTime(NOON, -270, "container"),
        ),
        ({"creation_time": "2024-07-01T12:00:00.000000Z"}, PhotoTime(NOON, 0, "container")),
        ({"date": "2024", "creation_time": "2024-07-01T12:00:00Z"}, PhotoTime(NOON, 0, "container")),
        ({"creation_time": "1904-01-01T00:00:00Z"}, PhotoTime()),
        ({"creation_time": "1970-01-01T00:00:00Z"}, PhotoTime()),
        ({"creation_time": "2024-13-01T12:00:00Z"}, PhotoTime()),
        ({"creation_time": "2024-07-01T12:00:00+99:00"}, PhotoTime()),
    ],
)
def test_time_of_a_phones_video_is_read(tags: dict[str, str], expected: PhotoTime) -> None:
    assert read_metadata(tags).time == expected


def test_time_of_an_avi_is_local_time() -> None:
    assert read_metadata({"date": "2024-07-01 12:00:00"}, local_clock=True).time == PhotoTime(NOON, None, "container")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+52.5200+013.4050+034.000/", (52.52, 13.405)),
        ("-33.8600+151.2094/", (-33.86, 151.2094)),
        ("+27.5916+086.5640+8850CRSWGS_84/", (27.5916, 86.564)),
        ("+5231.2+01324.3/", (52.52, 13.405)),
        ("+523112+0132418/", (52.52, 13.405)),
        ("+00.0000+000.0000/", (None, None)),
        ("+95.0000+013.4050/", (None, None)),
        ("52.52, 13.40", (None, None)),
        ("+" * 1000, (None, None)),
    ],
)
def test_place_of_a_video_is_read(text: str, expected: tuple[float | None, float | None]) -> None:
    found = read_metadata({"location": text})

    assert (found.latitude, found.longitude) == expected


def test_camera_is_named_once() -> None:
    assert read_metadata({"make": "Apple", "model": "iPhone 15 Pro"}).camera == "Apple iPhone 15 Pro"
    assert read_metadata({"make": "Canon", "model": "Canon EOS R5"}).camera == "Canon EOS R5"


def test_tags_of_an_iphone_film_are_read(tmp_path: Path) -> None:
    tags = {
        APPLE + "creationdate": "2024-07-01T14:00:00+0200",
        APPLE + "location.ISO6709": "+52.5200+013.4050+034.000/",
        APPLE + "make": "Apple",
        APPLE + "model": "iPhone 15 Pro",
        APPLE + "content.identifier": "6F1C5DE7-0B0B-4C73-8B1A-8D3E1B7A0A55",
        "creation_time": "2024-07-01T12:00:09Z",
    }
    path = written(tmp_path, film("mov", tags=tags, options={"movflags": "use_metadata_tags"}))

    found = read_media(path, MAX_PIXELS, lambda pixels: None)

    assert found.exif.time == PhotoTime(NOON, 120, "container")
    assert (found.exif.latitude, found.exif.longitude, found.exif.camera) == (52.52, 13.405, "Apple iPhone 15 Pro")
    assert found.metadata["altitude"] == 34
    assert found.metadata["content_identifier"] == tags[APPLE + "content.identifier"]


def test_place_of_an_android_film_is_read(tmp_path: Path) -> None:
    tags = {"location": "-33.8600+151.2094/", "creation_time": "2024-07-01T12:00:00Z"}
    path = written(tmp_path, film("mp4", tags=tags))

    exif = read_media(path, MAX_PIXELS, lambda pixels: None).exif

    assert (exif.time, exif.latitude, exif.longitude) == (PhotoTime(NOON, 0, "container"), -33.86, 151.2094)
