"""XMP, Google Takeout and Apple's exports: what a sidecar says about a picture."""

import json
import plistlib
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uploads.sidecars.apple import parse_apple_date
from uploads.sidecars.recognise import SidecarKind, parse_sidecar, sidecar_kind
from uploads.sidecars.values import Entry, InvalidSidecar, SidecarTime, SidecarValues
from uploads.sidecars.xmp import parse_xmp, parse_xmp_date

XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
 xmlns:exifEX="http://cipa.jp/exif/1.0/" xmlns:digiKam="http://www.digikam.org/ns/1.0/"
 xmlns:lr="http://ns.adobe.com/lightroom/1.0/" {attributes}>{elements}</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""


def xmp(attributes: str = "", elements: str = "") -> SidecarValues:
    return parse_xmp(XMP.format(attributes=attributes, elements=elements).encode())


def takeout(**data: Any) -> SidecarValues:
    [entry] = parse_sidecar(SidecarKind.TAKEOUT, json.dumps(data).encode(), "IMG_1.jpg.json")
    return entry.values


def test_lightroom_file_is_read() -> None:
    values = xmp(
        'xmp:Rating="4" photoshop:DateCreated="2019-05-14T20:35:12.25+02:00" exif:GPSLatitude="52,31.2345N"'
        ' exif:GPSLongitude="13,24.5W"',
        "<dc:title><rdf:Alt><rdf:li xml:lang='x-default'>Sea</rdf:li></rdf:Alt></dc:title>"
        "<dc:description><rdf:Alt><rdf:li xml:lang='x-default'>Two\nlines &amp; more</rdf:li></rdf:Alt>"
        "</dc:description><dc:subject><rdf:Bag><rdf:li>beach</rdf:li><rdf:li>summer</rdf:li></rdf:Bag></dc:subject>",
    )

    assert values.time is not None
    assert (values.time.at.isoformat(), values.time.utc_offset) == ("2019-05-14T20:35:12.250000+02:00", 120)
    assert (values.latitude, values.longitude) == (52.520575, -13.4083333)
    assert (values.title, values.caption, values.rating) == ("Sea", "Two\nlines & more", 4)
    assert values.keywords == ("beach", "summer")


def test_darktable_file_is_read() -> None:
    values = xmp(
        'exif:DateTimeOriginal="2019:05:14 20:35:12" xmp:Rating="-1"',
        "<lr:hierarchicalSubject><rdf:Seq><rdf:li>darktable|format|cr2</rdf:li><rdf:li>places|Lübeck</rdf:li></rdf:Seq>"
        "</lr:hierarchicalSubject>",
    )

    assert values.time is not None
    assert (values.time.at.isoformat(), values.time.is_instant) == ("2019-05-14T20:35:12+00:00", False)
    assert (values.keywords, values.rating) == (("Lübeck",), -1)


def test_digikam_tags_and_zone_in_a_property_of_its_own_are_read() -> None:
    values = xmp(
        'exif:DateTimeOriginal="2019-05-14T20:35:12" exifEX:OffsetTimeOriginal="-03:30"',
        "<digiKam:TagsList><rdf:Seq><rdf:li>Places/Rome</rdf:li></rdf:Seq></digiKam:TagsList>",
    )

    assert values.time is not None
    assert (values.time.utc_offset, values.keywords) == (-210, ("Rome",))


def test_values_of_nested_structures_are_ignored() -> None:
    values = xmp(
        "",
        "<dc:relation rdf:parseType='Resource'><xmp:Rating>5</xmp:Rating></dc:relation><xmp:Rating>2</xmp:Rating>",
    )

    assert values.rating == 2


@pytest.mark.parametrize(
    ("text", "at", "instant", "precision"),
    [
        ("2019-05-14", "2019-05-14T00:00:00+00:00", False, 86_400),
        ("2019-05-14T20:35", "2019-05-14T20:35:00+00:00", False, 60),
        ("2019-05-14T20:35Z", "2019-05-14T20:35:00+00:00", True, 60),
        ("2019-05-14T20:35:12+0200", "2019-05-14T20:35:12+02:00", True, 1),
    ],
)
def test_xmp_dates_have_their_precision(text: str, at: str, instant: bool, precision: int) -> None:
    time = parse_xmp_date(text)

    assert time is not None
    assert (time.at.isoformat(), time.is_instant, time.precision) == (at, instant, precision)


@pytest.mark.parametrize("text", ["", "2019", "2019-13-01", "0001-01-01T00:00:00Z", "2019-05-14T20:35:12+99:00 x"])
def test_xmp_dates_that_are_none_are_ignored(text: str) -> None:
    assert parse_xmp_date(text) is None


@pytest.mark.parametrize(
    ("latitude", "longitude"), [("0", "0"), ("91", "1"), ("52,31N", ""), ("north", "1"), ("1" * 400, "1")]
)
def test_xmp_without_a_possible_place_has_none(latitude: str, longitude: str) -> None:
    assert xmp(f'exif:GPSLatitude="{latitude}" exif:GPSLongitude="{longitude}"').latitude is None


BOMB = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>' + XMP.format(
    attributes="", elements="<dc:title>&b;</dc:title>"
)
DEEP = XMP.format(attributes="", elements="<dc:x>" * 200 + "</dc:x>" * 200)


@pytest.mark.parametrize(
    "text", [BOMB, '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', DEEP, "<x:xmpmeta", "<a/>", "", XMP[:300]]
)
def test_document_types_deep_and_broken_xml_are_refused(text: str) -> None:
    with pytest.raises(InvalidSidecar):
        parse_xmp(text.encode())


def test_xmp_in_utf_16_is_read() -> None:
    text = XMP.format(attributes='xmp:Rating="3"', elements="")

    assert parse_xmp(text.encode("utf-16")).rating == 3


def test_takeout_file_is_read() -> None:
    values = takeout(
        title="IMG_1.jpg",
        description="At the sea",
        photoTakenTime={"timestamp": "1557858912", "formatted": "14.05.2019, 18:35:12 UTC"},
        geoData={"latitude": 0.0, "longitude": 0.0, "altitude": 0.0},
        geoDataExif={"latitude": 52.5, "longitude": 13.4},
        people=[{"name": "Anna"}],
        favorited=True,
        archived=True,
        url="https://photos.google.com/photo/x",
    )

    assert values.time is not None
    assert values.time.at.isoformat() == "2019-05-14T18:35:12+00:00"
    assert (values.latitude, values.longitude) == (52.5, 13.4)
    assert (values.caption, values.favourite, values.archived, values.trashed) == ("At the sea", True, True, None)
    assert "Anna" not in json.dumps(values.as_json())


@pytest.mark.parametrize("timestamp", ["0", "", "x", None, 10**30, "99999999999", [], {}])
def test_takeout_without_a_date_has_none(timestamp: object) -> None:
    assert takeout(photoTakenTime={"timestamp": timestamp}).time is None


def test_takeout_date_before_1970_is_read() -> None:
    time = takeout(photoTakenTime={"timestamp": "-86400"}).time

    assert time is not None
    assert time.at.year == 1969


@pytest.mark.parametrize(
    "data",
    [
        {"title": "Sea", "description": "", "access": "protected", "date": {"timestamp": "1557858912"}},
        {"albumData": {"title": "Sea", "date": {}}},
        {"title": "Sea", "sharedAlbumComments": []},
    ],
)
@pytest.mark.parametrize("name", ["metadata.json", "Metadaten.json", "métadonnées(1).json", "メタデータ.json"])
def test_album_of_a_folder_is_read_in_any_language(data: object, name: str) -> None:
    entries = parse_sidecar(SidecarKind.TAKEOUT, json.dumps(data).encode(), f"Sea/{name}")

    assert entries == [Entry("", SidecarValues(albums=("Sea",)))]


@pytest.mark.parametrize("title", ["Photos from 2019", "Fotos von 2019", "Photos de 2019", "Foto's uit 2019", ""])
def test_folder_of_a_year_is_no_album(title: str) -> None:
    assert parse_sidecar(SidecarKind.TAKEOUT, json.dumps({"title": title, "date": {}}).encode(), "metadata.json") == []


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"title": "a"}', "[" * 100_000, '{"photoTakenTime": NaN', "\ud800"])
def test_other_json_is_refused(text: str) -> None:
    with pytest.raises(InvalidSidecar):
        parse_sidecar(SidecarKind.TAKEOUT, text.encode("utf-8", "surrogatepass"), "a.json")


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


def test_too_large_file_is_no_sidecar() -> None:
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


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)
TAKEOUT_KEYS = ["photoTakenTime", "geoData", "geoDataExif", "description", "favorited", "title", "date", "albumData"]


@given(data=st.dictionaries(st.sampled_from(TAKEOUT_KEYS), JSON_VALUES | st.dictionaries(st.text(), JSON_VALUES)))
def test_any_takeout_values_are_read_or_refused(data: dict[str, object]) -> None:
    try:
        entries = parse_sidecar(SidecarKind.TAKEOUT, json.dumps(data).encode(), "IMG_1.jpg.json")
    except InvalidSidecar:
        return
    for entry in entries:
        json.dumps(entry.values.as_json(), allow_nan=False).encode().decode().index("")
        assert "\0" not in entry.values.caption
