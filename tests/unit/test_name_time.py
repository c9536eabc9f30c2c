"""Dates are read from the file names of cameras, phones and messengers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uploads.media.name_time import time_from_name


@pytest.mark.parametrize(
    ("name", "time"),
    [
        ("IMG_20240131_123456.jpg", "2024-01-31T12:34:56"),
        ("IMG_20240131_123456789_HDR.jpg", "2024-01-31T12:34:56.789000"),
        ("PXL_20240131_123456789.MP.jpg", "2024-01-31T12:34:56.789000"),
        ("VID_20240131_123456.mp4", "2024-01-31T12:34:56"),
        ("20240131_123456(0).jpg", "2024-01-31T12:34:56"),
        ("20240131_123456_HDR", "2024-01-31T12:34:56"),
        ("MVIMG_20240131_123456.jpg", "2024-01-31T12:34:56"),
        ("Screenshot_20240131-123456_Chrome.png", "2024-01-31T12:34:56"),
        ("Screenshot_2024-01-31-12-34-56-789_com.app.jpg", "2024-01-31T12:34:56.789000"),
        ("Screenshot 2024-01-31 at 12.34.56.png", "2024-01-31T12:34:56"),
        ("Bildschirmfoto 2024-01-31 um 12.34.56.png", "2024-01-31T12:34:56"),
        ("WhatsApp Image 2024-01-31 at 12.34.56.jpeg", "2024-01-31T12:34:56"),
        ("WhatsApp Image 2024-01-31 at 1.04.56 PM.jpeg", "2024-01-31T13:04:56"),
        ("WhatsApp Image 2024-01-31 at 12.04.56 AM.jpeg", "2024-01-31T00:04:56"),
        ("Screenshot 2024-01-31 at 1.04.56\N{NARROW NO-BREAK SPACE}PM.png", "2024-01-31T13:04:56"),
        ("IMG-20240131-WA0001.jpg", "2024-01-31T00:00:00"),
        ("VID-20240131-WA0001.mp4", "2024-01-31T00:00:00"),
        ("signal-2024-01-31-12-34-56-789.jpg", "2024-01-31T12:34:56.789000"),
        ("photo_2024-01-31_12-34-56.jpg", "2024-01-31T12:34:56"),
        ("00001IMG_00001_BURST20190102123456789_COVER.jpg", "2019-01-02T12:34:56.789000"),
        ("WP_20140131_12_34_56_Pro.jpg", "2014-01-31T12:34:56"),
        ("DJI_20240131123456_0001_D.JPG", "2024-01-31T12:34:56"),
        ("FB_IMG_1706704496000.jpg", "2024-01-31T12:34:56"),
        ("2024-01-31 Birthday.jpg", "2024-01-31T00:00:00"),
        ("Scan 20240131.jpg", "2024-01-31T00:00:00"),
    ],
)
def test_time_is_read_from_the_name(name: str, time: str) -> None:
    found = time_from_name(name)

    assert found is not None
    assert found.isoformat() == time + "+00:00"


@pytest.mark.parametrize(
    "name",
    [
        *("IMG_1234.jpg", "DSC01234.JPG", "20241331_123456.jpg", "120240131.jpg", "1234567890123456.jpg"),
        *("5551706704496000.jpg", "18991231_000000.jpg", "2024.jpg", "2024-0131.jpg", ".jpg"),
        "IMG_20240230_101010.jpg",
    ],
)
def test_other_digits_are_not_a_date(name: str) -> None:
    assert time_from_name(name) is None


@given(name=st.text("0123456789-_.: IMGVWAatT/\u0663", max_size=60))
def test_any_name_is_accepted(name: str) -> None:
    time_from_name(name)
