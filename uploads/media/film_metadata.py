"""Read a video's metadata: when and where it was recorded, and with which camera.

Phones store it as QuickTime keys (com.apple.quicktime.*) or as user data of MP4 files; FFmpeg returns both as tags with
names. The header `mvhd` contains a time in UTC, but not the camera's zone, so the offset of such a time is 0. Positions
are ISO 6709 strings, such as +52.5200+013.4050+034.000/.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from uploads.media.exif import ExifData, camera_name
from uploads.media.photo_time import PhotoTime
from uploads.media.sanitize import Json, clean_text, valid_position
from uploads.media.utc_offset import parse_utc_offset

_APPLE = "com.apple.quicktime."
# Tags with the camera's zone come first. AVI and Matroska files have no such tags, but may have a date.
_DATES = (_APPLE + "creationdate", "creationdate", "date-eng", "date", "creation_time")
_POSITIONS = (_APPLE + "location.iso6709", "location", "location-eng", "xyz")
_MAKES = (_APPLE + "make", "make", "make-eng", "com.android.manufacturer", "manufacturer")
_MODELS = (_APPLE + "model", "model", "model-eng", "com.android.model")
_TEXTS = {
    "software": (_APPLE + "software", "software", "com.android.version"),
    "title": (_APPLE + "title", "title"),
    "content_identifier": (_APPLE + "content.identifier",),
}
_DATE = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))? ?(Z|[+-]\d\d:?\d\d|)", re.ASCII | re.IGNORECASE
)
_POSITION = re.compile(r"([+-]\d+(?:\.\d+)?)([+-]\d+(?:\.\d+)?)([+-]\d+(?:\.\d+)?)?(?:CRS.*)?/?", re.ASCII)
# Cameras whose clock was never set write zero, which means 1904 in QuickTime and 1970 in Unix time.
_FIRST_YEAR = 1971


def read_metadata(tags: Mapping[str, str], *, local_clock: bool = False) -> ExifData:
    """Return the values in a container's tags. Missing or invalid values are None, "" or absent from `details`.

    `local_clock` means that dates without a zone are in the camera's local time, as in AVI files. Otherwise, they are
    in UTC.
    """
    lower = {name.lower(): value for name, value in tags.items()}
    latitude, longitude, altitude = _position(_first(lower, _POSITIONS))
    details: dict[str, Json] = {name: clean_text(_first(lower, keys)) for name, keys in _TEXTS.items()}
    details["altitude"] = altitude
    return ExifData(
        time=_time(lower, local_clock),
        camera=camera_name(_first(lower, _MAKES), _first(lower, _MODELS)),
        latitude=latitude,
        longitude=longitude,
        details={name: value for name, value in details.items() if value not in (None, "")},
    )


def _first(tags: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((tags[name] for name in names if tags.get(name, "").strip()), "")


def _time(tags: Mapping[str, str], local_clock: bool) -> PhotoTime:
    times = [_parse_time(tags.get(name, ""), local_clock) for name in _DATES]
    return next((time for time in times if time.taken_at is not None), PhotoTime())


def _parse_time(text: str, local_clock: bool) -> PhotoTime:
    match = _DATE.fullmatch(text.strip())
    if match is None:
        return PhotoTime()
    *numbers, fraction, zone = match.groups()
    offset = parse_utc_offset(zone or ("" if local_clock else "Z"))
    try:
        local = datetime(*map(int, numbers), tzinfo=UTC)  # type: ignore[arg-type,misc]
    except ValueError:
        return PhotoTime()
    if not _FIRST_YEAR <= local.year < 9999 or (zone and offset is None):
        return PhotoTime()
    local = local.replace(microsecond=int((fraction or "0")[:6].ljust(6, "0")))
    minutes = None if offset is None else round(offset / timedelta(minutes=1))
    return PhotoTime(local - (offset or timedelta()), minutes, "container")


def _position(text: str) -> tuple[float | None, float | None, float | None]:
    match = _POSITION.fullmatch(text.strip())
    if match is None:
        return None, None, None
    latitude, longitude = valid_position(_degrees(match[1], 2), _degrees(match[2], 3))
    return latitude, longitude, float(match[3]) if match[3] and latitude is not None else None


def _degrees(text: str, digits: int) -> float:
    """Parse signed degrees. Two digits of minutes and two of seconds may follow the `digits` digits of degrees."""
    whole = text[1:].split(".")[0]
    value, unit = float(text[1:]), 10.0 ** max(0, len(whole) - digits)
    if len(whole) not in (digits + 2, digits + 4):
        return float(text)
    degrees, rest = divmod(value, unit)
    minutes, seconds = divmod(rest, 100) if unit == 10_000 else (rest, 0.0)
    total = degrees + minutes / 60 + seconds / 3600
    return -total if text[0] == "-" else total
