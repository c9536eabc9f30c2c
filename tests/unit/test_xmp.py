"""XMP sidecars are read, and broken or hostile ones are refused."""

import pytest

from tests.support.xmp import XMP, xmp
from uploads.sidecars.values import InvalidSidecar
from uploads.sidecars.xmp import parse_xmp, parse_xmp_date


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


def test_digikam_tags_and_zone_in_a_separate_property_are_read() -> None:
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
def test_invalid_xmp_dates_are_ignored(text: str) -> None:
    assert parse_xmp_date(text) is None


@pytest.mark.parametrize(
    ("latitude", "longitude"), [("0", "0"), ("91", "1"), ("52,31N", ""), ("north", "1"), ("1" * 400, "1")]
)
def test_impossible_xmp_place_is_ignored(latitude: str, longitude: str) -> None:
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
