"""Read XMP sidecars (ISO 16684-1), as written by Adobe programs, darktable, digiKam, Apple Photos and exiftool.

Expat parses the XML. Document type declarations are rejected: XMP does not use them, and they can define entities.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timezone
from xml.parsers import expat

from uploads.media.sanitize import clean_text, valid_position
from uploads.media.utc_offset import parse_utc_offset
from uploads.sidecars.values import InvalidSidecar, SidecarTime, SidecarValues, clean_lines, clean_list

MAX_DEPTH = 100
MAX_VALUES = 2_000
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_PREFIXES = {
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://cipa.jp/exif/1.0/": "exifEX",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.adobe.com/tiff/1.0/": "tiff",
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/lightroom/1.0/": "lr",
    "http://www.digikam.org/ns/1.0/": "digiKam",
}
_CONTAINERS = frozenset({f"{_RDF} Seq", f"{_RDF} Bag", f"{_RDF} Alt"})
_DATES = ("exif:DateTimeOriginal", "photoshop:DateCreated", "xmp:CreateDate", "exif:DateTimeDigitized")
_DATE = re.compile(
    r"(\d{4})[-:](\d\d)[-:](\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)? ?(Z|[+-]\d\d:?\d\d)?", re.ASCII
)
_DEGREES = re.compile(
    r"([+-]?\d{1,3}(?:\.\d+)?)(?:,(\d{1,2}(?:\.\d+)?)(?:,(\d{1,2}(?:\.\d+)?))?)? ?([NSEW]?)", re.ASCII
)

Properties = Mapping[str, list[str]]


def parse_xmp(data: bytes) -> SidecarValues:
    """Return the values in an XMP packet. Invalid values are ignored. Raises InvalidSidecar if `data` is not XMP."""
    properties = _read_properties(data)
    latitude, longitude = valid_position(_degrees(properties, "Latitude"), _degrees(properties, "Longitude"))
    return SidecarValues(
        time=_time(properties),
        latitude=latitude,
        longitude=longitude,
        title=clean_text(_first(properties, "dc:title", "photoshop:Headline")),
        caption=clean_lines(_first(properties, "dc:description", "tiff:ImageDescription", "exif:UserComment")),
        keywords=_keywords(properties),
        rating=_rating(_first(properties, "xmp:Rating")),
    )


class _PropertyReader:
    """Collects the text of top-level properties in known namespaces: attributes, elements, and items of arrays."""

    def __init__(self) -> None:
        self.values: dict[str, list[str]] = {}
        self.count = 0
        self.is_rdf = False
        self._path: list[str] = []
        self._text: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._path.append(name)
        self._text = []
        if len(self._path) > MAX_DEPTH:
            raise InvalidSidecar
        if self._inside() == [f"{_RDF} Description"]:
            self.is_rdf = True
            for key, value in attributes.items():
                self._add(key, value)

    def text(self, data: str) -> None:
        self._text.append(data)

    def end(self, _name: str) -> None:
        inside = self._inside()
        is_element = len(inside) == 2
        is_item = len(inside) == 4 and inside[2] in _CONTAINERS and inside[3] == f"{_RDF} li"
        if (is_element or is_item) and (text := "".join(self._text).strip()):
            self._add(inside[1], text)
        self._text = []
        self._path.pop()

    def _inside(self) -> list[str]:
        """Return the path of the current element below rdf:RDF."""
        root = f"{_RDF} RDF"
        return self._path[self._path.index(root) + 1 :] if root in self._path else []

    def _add(self, name: str, value: str) -> None:
        namespace, _, local = name.rpartition(" ")
        prefix = _PREFIXES.get(namespace)
        self.count += 1
        if prefix and self.count <= MAX_VALUES:
            self.values.setdefault(f"{prefix}:{local}", []).append(value)


def _read_properties(data: bytes) -> Properties:
    reader = _PropertyReader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    is_utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        parser.Parse(data if is_utf16 else data.rstrip(b"\0 \t\r\n"), True)  # some programs pad with NULs
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise InvalidSidecar from error
    if not reader.is_rdf:
        raise InvalidSidecar
    return reader.values


def _refuse(*_declaration: object) -> None:
    raise InvalidSidecar


def _first(properties: Properties, *names: str) -> str:
    return next((text for name in names for text in properties.get(name, [])), "")


def _time(properties: Properties) -> SidecarTime | None:
    for name in _DATES:
        offset = name.replace("exif:DateTime", "exifEX:OffsetTime") if name.startswith("exif:") else ""
        time = parse_xmp_date(_first(properties, name), _first(properties, offset))
        if time is not None:
            return time
    return None


def parse_xmp_date(text: str, offset: str = "") -> SidecarTime | None:
    """Parse a date as in XMP or EXIF, with or without a time and zone. `offset` is a zone from another property."""
    match = _DATE.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        local = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))  # noqa: DTZ001 (the zone is added below)
    except ValueError:
        return None
    if not 1 < local.year < 9999:  # the conversion to UTC could overflow
        return None
    local = local.replace(microsecond=int((fraction or "0")[:6].ljust(6, "0")))
    precision = 86_400 if hour is None else 60 if second is None else 1
    shift = parse_utc_offset(zone or offset)
    if shift is None or hour is None:
        return SidecarTime(local.replace(tzinfo=UTC), is_instant=False, precision=precision)
    return SidecarTime(local.replace(tzinfo=timezone(shift)), round(shift.total_seconds() / 60), precision=precision)


def _degrees(properties: Properties, axis: str) -> float | None:
    """Return a coordinate such as “52,31.2345N”, “52,31,14N” or “52.5205” with the hemisphere in another property."""
    match = _DEGREES.fullmatch(_first(properties, f"exif:GPS{axis}").strip())
    if match is None:
        return None
    degrees, minutes, seconds, hemisphere = match.groups()
    value = abs(float(degrees)) + float(minutes or 0) / 60 + float(seconds or 0) / 3600
    reference = hemisphere or _first(properties, f"exif:GPS{axis}Ref")[:1]
    return -value if degrees.startswith("-") or reference in {"S", "W"} else value


def _keywords(properties: Properties) -> tuple[str, ...]:
    """Return the flat keywords or, if there are none, the last parts of the hierarchical keywords."""
    flat = properties.get("dc:subject", [])
    paths = [*properties.get("lr:hierarchicalSubject", []), *properties.get("digiKam:TagsList", [])]
    own = (path for path in paths if not path.startswith("darktable|"))
    return clean_list(flat or [re.split(r"[|/]", path)[-1] for path in own])


def _rating(text: str) -> int | None:
    match = re.fullmatch(r"(-1|[0-5])(\.0+)?", text.strip(), re.ASCII)
    return int(match[1]) if match else None
