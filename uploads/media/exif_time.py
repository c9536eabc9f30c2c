"""Read the time and the time zone of a photo from EXIF data.

According to CIPA DC-008 (Exif 2.32), separate tags contain the local time, its fraction and its zone, and the time of
the GPS fix is in UTC. Editors and phones also write ISO 8601 dates, other separators, AM and PM, leap seconds and short
zones such as "+2:00".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from PIL import ExifTags

from uploads.media.sanitize import clean_text, finite_float
from uploads.media.utc_offset import nearest_utc_offset, parse_utc_offset

_BASE = ExifTags.Base
_DATES = (
    (_BASE.DateTimeOriginal, _BASE.OffsetTimeOriginal, _BASE.SubsecTimeOriginal),
    (_BASE.DateTimeDigitized, _BASE.OffsetTimeDigitized, _BASE.SubsecTimeDigitized),
    (_BASE.DateTime, _BASE.OffsetTime, _BASE.SubsecTime),
)
TIME_TAGS = frozenset(tag for tags in _DATES for tag in tags)
_DATE = re.compile(
    r"(\d{4})[:/.-](\d\d?)[:/.-](\d\d?)[ T](\d\d?)[:.](\d\d)(?:[:.](\d\d))?(?:[.,](\d+))?"
    r" ?([AP]M\b)? ?((?:UTC|GMT)?[+-]\d\d?:?\d\d|[+-]\d\d?|Z|UTC|GMT)?.*",
    re.ASCII | re.IGNORECASE,
)
_GPS_TOLERANCE = timedelta(minutes=5)
"""How far the difference between the camera's clock and GPS time may deviate from a valid UTC offset."""


@dataclass(frozen=True, slots=True)
class PhotoTime:
    """When a photo was taken. `taken_at` is aware; if the zone is unknown, the local time is stored as UTC.

    `utc_offset` is how many minutes the local time is ahead of UTC, or None if the zone is unknown. `source` is a value
    of uploads.models.TakenSource, or "" if there is no time.
    """

    taken_at: datetime | None = None
    utc_offset: int | None = None
    source: str = ""


def read_time(tags: Mapping[int, object], gps: Mapping[int, object]) -> PhotoTime:
    """Return the time from the best valid tag, or else the time of the GPS fix. Invalid values are ignored."""
    for date, offset, fraction in _DATES:
        local, zone = _parse_date(tags.get(date), tags.get(fraction))
        # In the years 1 and 9999, the conversion to UTC for storage could overflow.
        if local is not None and 1 < local.year < 9999:
            texts = (zone, tags.get(offset), tags.get(_BASE.OffsetTime))
            zones = [parse_utc_offset(clean_text(text)) for text in texts]
            known = [zone for zone in (*zones, _gps_offset(local, gps)) if zone is not None]
            return _photo_time(local, known[0] if known else None)
    fix = _gps_time(gps)
    return PhotoTime(fix.replace(tzinfo=UTC), 0, "gps") if fix is not None and 1980 <= fix.year < 9999 else PhotoTime()


def _photo_time(local: datetime, offset: timedelta | None) -> PhotoTime:
    if offset is None:
        return PhotoTime(local.replace(tzinfo=UTC), None, "exif")
    return PhotoTime(local.replace(tzinfo=timezone(offset)), round(offset.total_seconds() / 60), "exif")


def _parse_date(value: object, fraction: object) -> tuple[datetime | None, str]:
    """Return the local time, without a zone, and the zone that follows it in the text."""
    match = _DATE.fullmatch(clean_text(value))
    if match is None:
        return None, ""
    *texts, own_fraction, half, zone = match.groups()
    year, month, day, hour, minute, second = (int(text or 0) for text in texts)
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half.upper() == "PM" else 0)
    second = 59 if second == 60 else second
    try:
        local = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 (the zone is added later)
    except ValueError:
        return None, ""
    digits = own_fraction or clean_text(fraction)
    if digits.isascii() and digits.isdigit():
        local = local.replace(microsecond=int(digits[:6].ljust(6, "0")))
    return local, zone or ""


def _gps_offset(local: datetime, gps: Mapping[int, object]) -> timedelta | None:
    """Return the UTC offset that explains the difference between `local` and the GPS time, or None."""
    fix = _gps_time(gps)
    return None if fix is None else nearest_utc_offset(local - fix, _GPS_TOLERANCE)


def _gps_time(gps: Mapping[int, object]) -> datetime | None:
    """Return the time of the GPS fix in UTC, without a zone."""
    date, _zone = _parse_date(f"{clean_text(gps.get(ExifTags.GPS.GPSDateStamp))} 00:00:00", None)
    time = gps.get(ExifTags.GPS.GPSTimeStamp)
    parts = [finite_float(part) for part in time] if isinstance(time, tuple) and len(time) == 3 else []
    if date is None or None in parts or not parts:
        return None
    hours, minutes, seconds = (part or 0 for part in parts)
    if not (0 <= hours < 24 and 0 <= minutes < 60 and 0 <= seconds < 61):
        return None
    return date + timedelta(hours=hours, minutes=minutes, seconds=seconds)
