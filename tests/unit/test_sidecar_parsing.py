"""XMP sidecars, and sidecars from Google Takeout and Apple's exports, are recognised and parsed."""

import plistlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uploads.sidecars.apple import parse_apple_date
from uploads.sidecars.recognise import SidecarKind, parse_sidecar, sidecar_kind
from uploads.sidecars.values import Entry, InvalidSidecar, SidecarTime, SidecarValues


def test_photo_details_of_icloud_are_read() -> None:
    table = (
        "imgName,fileChecksum,favorite,hidden,deleted,originalCreationDate,viewCount,importDate\r\n"
        'IMG_0001.HEIC,AfH,yes,no,no,"Tuesday May 14,2019 8:35 PM GMT",1,"Wednesday May 15,2019 8:35 AM GMT"\r\n'
        'IMG_0002.MOV,AfI,no,yes,no,"unknown",0\r\n'
        "\r\n,x\r\n"
    )

    first, second = parse_sidecar(SidecarKind.APPLE, table.encode("utf-8-sig"), "Photos/Photo Details.csv")

    at = datetime(2019, 5, 14, 20, 35, tzinfo=UTC)
    assert (first.name, first.values.time) == ("IMG_0001.HEIC", SidecarTime(at, precision=60))
    assert (first.values.favourite, first.values.archived) == (True, False)
    assert (second.name, second.values.time, second.values.archived) == ("IMG_0002.MOV", None, True)


def test_album_of_icloud_names_pictures_of_the_folder_photos() -> None:
    entries = parse_sidecar(
        SidecarKind.APPLE, b"Images\nIMG_0001.HEIC\nIMG_0001.HEIC\n", "iCloud Photos/Albums/Sea.csv"
    )

    assert entries == [Entry("IMG_0001.HEIC", SidecarValues(albums=("Sea",)), "../Photos")]


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "Images,Other\n", 'imgName\n"' + "x" * 200_000])
def test_other_tables_are_refused(text: str) -> None:
    with pytest.raises(InvalidSidecar):
        parse_sidecar(SidecarKind.APPLE, text.encode(), "a.csv")


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("Friday March 4,2016 12:05 AM GMT", "2016-03-04T00:05:00+00:00"),
        ("Friday March 4, 2016 12:05 PM GMT", "2016-03-04T12:05:00+00:00"),
        ("March 4,2016 17:05:06 GMT", "2016-03-04T17:05:06+00:00"),
    ],
)
def test_dates_of_icloud_are_read(text: str, time: str) -> None:
    found = parse_apple_date(text)

    assert found is not None
    assert found.at.isoformat() == time


@pytest.mark.parametrize("binary", [True, False])
def test_edits_of_apple_photos_are_recognised(binary: bool) -> None:
    edits = {"adjustmentFormatIdentifier": "com.apple.photo", "adjustmentData": b"x"}
    data = plistlib.dumps(edits, fmt=plistlib.FMT_BINARY if binary else plistlib.FMT_XML)

    assert sidecar_kind("IMG_1.AAE", len(data), data[:64]) is SidecarKind.AAE
    assert parse_sidecar(SidecarKind.AAE, data, "IMG_1.AAE") == [Entry("IMG_1", SidecarValues(edited=True))]


AAE_BOMB = b'<!DOCTYPE plist [<!ENTITY a "ha">]><plist><dict><key>adjustment</key><string>&a;</string></dict></plist>'


@pytest.mark.parametrize("data", [b"", b"<plist>", b"bplist00", plistlib.dumps({"a": 1}), plistlib.dumps([]), AAE_BOMB])
def test_other_property_lists_are_refused(data: bytes) -> None:
    with pytest.raises(InvalidSidecar):
        parse_sidecar(SidecarKind.AAE, data, "IMG_1.AAE")


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("IMG_1.XMP", b'\xef\xbb\xbf<?xpacket begin=""', SidecarKind.XMP),
        ("IMG_1.xmp", "\ufeff<x:xmpmeta".encode("utf-16-le"), SidecarKind.XMP),
        ("IMG_1.jpg.json", b'\n {"title": ""', SidecarKind.TAKEOUT),
        ("Photo Details.csv", b'"imgName",fileChecksum', SidecarKind.APPLE),
        ("IMG_1.json", b"\xff\xd8\xff", None),
        ("IMG_1.jpg", b"<x:xmpmeta", None),
        ("a.csv", b"a,b", None),
    ],
)
def test_kind_needs_name_and_content(name: str, head: bytes, kind: SidecarKind | None) -> None:
    assert sidecar_kind(name, 1000, head) is kind


def test_too_large_file_is_not_a_sidecar() -> None:
    assert sidecar_kind("a.json", (1 << 20) + 1, b"{") is None


@given(data=st.binary(max_size=300), kind=st.sampled_from(SidecarKind))
def test_any_bytes_are_read_or_refused(data: bytes, kind: SidecarKind) -> None:
    prefixes = {SidecarKind.AAE: b"bplist00", SidecarKind.XMP: b"<?xml version='1.0'?><a>"}
    for text in (data, prefixes.get(kind, b"{") + data):
        try:
            entries = parse_sidecar(kind, text, "a/IMG_1.jpg.json")
        except InvalidSidecar:
            continue
        assert all(SidecarValues.from_json(entry.values.as_json()) == entry.values for entry in entries)
