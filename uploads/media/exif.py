"""Read EXIF data: when and where a photo was taken, with which camera, and details such as the exposure.

CIPA DC-008 (Exif 2.32) defines the tag numbers and formats in sections 4.6.4 to 4.6.6. Many files break these rules, so
invalid values are ignored and never make a file fail.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from PIL import ExifTags

from uploads.media.exif_time import TIME_TAGS, read_time
from uploads.media.photo_time import PhotoTime
from uploads.media.sanitize import Json, clean_text, finite_float, valid_position
from uploads.media.tiff_tags import ByteSource, TiffTags, Value

_NUMBERS = {
    "exposure_time": ExifTags.Base.ExposureTime,
    "f_number": ExifTags.Base.FNumber,
    "iso": ExifTags.Base.ISOSpeedRatings,
    "focal_length": ExifTags.Base.FocalLength,
    "focal_length_35mm": ExifTags.Base.FocalLengthIn35mmFilm,
}
_TEXTS = {
    "lens": ExifTags.Base.LensModel,
    "software": ExifTags.Base.Software,
    "artist": ExifTags.Base.Artist,
    "copyright": ExifTags.Base.Copyright,
    "title": ExifTags.Base.ImageDescription,
}
_BASE, _GPS = ExifTags.Base, ExifTags.GPS
_WANTED = frozenset(
    {_BASE.Make, _BASE.Model, _BASE.Orientation, _BASE.MakerNote, ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo}
    | {*_NUMBERS.values(), *_TEXTS.values()}
    | TIME_TAGS
)
_WANTED_GPS = frozenset(
    {_GPS.GPSLatitudeRef, _GPS.GPSLatitude, _GPS.GPSLongitudeRef, _GPS.GPSLongitude}
    | {_GPS.GPSAltitudeRef, _GPS.GPSAltitude, _GPS.GPSDateStamp, _GPS.GPSTimeStamp}
)
_APPLE_NOTE, _APPLE_BYTE_ORDERS, _APPLE_DIRECTORY = b"Apple iOS\0", {b"MM": b"MM\0*", b"II": b"II*\0"}, 14
# The files of a live photo share a content identifier, and those of a burst share a burst id.
_APPLE_TAGS = {0x000B: "burst_id", 0x0011: "content_identifier"}
_XMP_ORIENTATION = re.compile(rb'tiff:Orientation(?:="|>)([1-8])')

Tags = Mapping[int, object]


@dataclass(frozen=True, slots=True)
class ExifData:
    """What a camera recorded about a photo or video.

    Coordinates are WGS 84 degrees, positive to the north and east. `orientation` is 1 to 8.
    """

    time: PhotoTime = field(default_factory=PhotoTime)
    camera: str = ""
    latitude: float | None = None
    longitude: float | None = None
    orientation: int = 1
    details: dict[str, Json] = field(default_factory=dict)


def read_exif(data: bytes, xmp: bytes = b"") -> ExifData:
    """Return the values in EXIF data, which may start with its JPEG prefix.

    If the orientation is missing, it is taken from `xmp`. Missing or invalid values are None, "" or absent from
    `details`.
    """
    tags, gps = read_tags(data.removeprefix(b"Exif\0\0"))
    if _BASE.Orientation not in tags and (match := _XMP_ORIENTATION.search(xmp)):
        tags[_BASE.Orientation] = int(match[1])
    return interpret_tags(tags, gps)


def read_tags(data: ByteSource) -> tuple[dict[int, Value], dict[int, Value]]:
    """Return the arguments of `interpret_tags`, from EXIF data or from a TIFF or raw photo."""
    tiff = TiffTags(data)
    first = tiff.first_directory(_WANTED)
    tags = first | tiff.directory(first.get(ExifTags.IFD.Exif), _WANTED - {_BASE.Orientation})
    return tags, tiff.directory(first.get(ExifTags.IFD.GPSInfo), _WANTED_GPS)


def read_gps_tags(data: ByteSource) -> dict[int, Value]:
    """Return the GPS tags of a TIFF structure whose first directory is the GPS directory."""
    return TiffTags(data).first_directory(_WANTED_GPS)


def interpret_tags(tags: Tags, gps: Tags) -> ExifData:
    """Convert tags to values. The tag numbers are defined in `Base` and `GPS` of PIL.ExifTags."""
    orientation = tags.get(_BASE.Orientation)
    upright = orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1
    latitude, longitude = _position(gps)
    camera = camera_name(tags.get(_BASE.Make), tags.get(_BASE.Model))
    return ExifData(read_time(tags, gps), camera, latitude, longitude, upright, _details(tags, gps))


def camera_name(make: object, model: object) -> str:
    """Return the name of a camera. The maker is omitted if the model begins with the first word of the maker's name."""
    make, model = clean_text(make, 80), clean_text(model, 80)
    brand = make.split(" ")[0].casefold()
    if not model or (brand and model.casefold().startswith(brand)):
        return model or make
    return f"{make} {model}".strip()


def _position(gps: Tags) -> tuple[float | None, float | None]:
    latitude = _degrees(gps.get(_GPS.GPSLatitude), gps.get(_GPS.GPSLatitudeRef), "S")
    longitude = _degrees(gps.get(_GPS.GPSLongitude), gps.get(_GPS.GPSLongitudeRef), "W")
    return valid_position(latitude, longitude)


def _degrees(value: object, ref: object, negative: str) -> float | None:
    values = value if isinstance(value, tuple) else (value,)  # a single number is in decimal degrees
    parts = [finite_float(part) for part in values]
    if not 1 <= len(parts) <= 3 or parts[0] is None:
        return None
    total = sum(abs(part or 0.0) / unit for part, unit in zip(parts, (1, 60, 3600), strict=False))
    # Some programs write negative numbers in addition to the reference (N, S, E or W).
    if parts[0] < 0 or clean_text(ref).upper().startswith(negative):
        return -total
    return total


def _details(tags: Tags, gps: Tags) -> dict[str, Json]:
    details: dict[str, Json] = {name: clean_text(tags.get(tag)) for name, tag in _TEXTS.items()}
    for name, tag in _NUMBERS.items():
        value = tags.get(tag)
        details[name] = finite_float(value[0] if isinstance(value, tuple) and value else value)
    altitude = finite_float(gps.get(_GPS.GPSAltitude))
    below_sea = gps.get(_GPS.GPSAltitudeRef) in (1, b"\x01")
    details |= read_apple_note(tags.get(_BASE.MakerNote))
    details["altitude"] = -altitude if altitude is not None and below_sea else altitude
    return {name: value for name, value in details.items() if value not in (None, "")}


def read_apple_note(note: object) -> dict[str, str]:
    """Return the “content_identifier” and “burst_id” in Apple's maker note; for anything else, an empty dictionary.

    The note is a TIFF directory whose offsets are relative to its start. The tag names are exiftool's.
    """
    if not isinstance(note, bytes) or not note.startswith(_APPLE_NOTE):
        return {}
    header = _APPLE_BYTE_ORDERS.get(note[12:14], b"")
    tags = TiffTags(header + note[len(header) :]).directory(_APPLE_DIRECTORY, frozenset(_APPLE_TAGS))
    found = {_APPLE_TAGS[tag]: clean_text(value) for tag, value in tags.items()}
    return {name: value for name, value in found.items() if value}
