"""Read the time and the time zone of a photo from EXIF data.

According to CIPA DC-008 (Exif 2.32), separate tags contain the local time, its fraction and its zone, and the time of
the GPS fix is in UTC. Editors and phones also write ISO 8601 dates, other separators, AM and PM, leap seconds, short
zones such as "+2:00", dates without a time, and 24 as the hour after midnight.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone

from PIL import ExifTags

from uploads.media.photo_time import DATE_ONLY, PhotoTime
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
    r"(\d{4})[:/.-](\d\d?)[:/.-](\d\d?)(?:[ T](\d\d?)[:.](\d\d)(?:[:.](\d\d))?(?:[.,](\d+))?"
    r" ?([AP]M\b)? ?((?:UTC|GMT)?[+-]\d\d?:?\d\d|[+-]\d\d?|Z|UTC|GMT)?.*|[ :]*)",
    re.ASCII | re.IGNORECASE,
)
_GPS_TOLERANCE = timedelta(minutes=5)
"""How far the difference between the camera's clock and GPS time may deviate from a valid UTC offset."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """The value of a date tag: the local time, which is midnight if `has_clock` is false, and its zone if known."""

    local: datetime
    has_clock: bool
    zone: timedelta | None = None


def read_time(tags: Mapping[int, object], gps: Mapping[int, object]) -> PhotoTime:
    """Return the time from the best valid tag, or else the time of the GPS fix. Invalid values are ignored.

    If the tag has a date without a time of day, the time of day comes from another tag with the same date or, if there
    is none, from the GPS fix if it has the same date.
    """
    readings = [reading for names in _DATES if (reading := _read_tag(tags, *names)) is not None]
    fix = _gps_time(gps)
    if not readings:
        return _gps_photo_time(fix)
    day = readings[0].local.date()
    clocks = [reading for reading in readings if reading.has_clock and reading.local.date() == day]
    if clocks:
        return _photo_time(clocks[0], fix)
    if fix is not None and fix.has_clock and fix.local.date() == day:
        return _gps_photo_time(fix)
    return _photo_time(readings[0], None)


def _read_tag(tags: Mapping[int, object], date: int, offset: int, fraction: int) -> _Reading | None:
    reading, zone = _parse_date(tags.get(date), tags.get(fraction))
    # In the years 1 and 9999, the conversion to UTC for storage could overflow.
    if reading is None or not 1 < reading.local.year < 9999:
        return None
    if not reading.has_clock:
        return reading
    zones = (parse_utc_offset(clean_text(text)) for text in (zone, tags.get(offset), tags.get(_BASE.OffsetTime)))
    return replace(reading, zone=next((zone for zone in zones if zone is not None), None))


def _photo_time(reading: _Reading, fix: _Reading | None) -> PhotoTime:
    """Return the time of `reading`. If it has no zone, derive one from the time of the GPS fix, if possible."""
    offset = reading.zone
    if offset is None and fix is not None and fix.has_clock:
        offset = nearest_utc_offset(reading.local - fix.local, _GPS_TOLERANCE)
    if offset is None:
        return PhotoTime(reading.local.replace(tzinfo=UTC), None, "exif" if reading.has_clock else DATE_ONLY)
    return PhotoTime(reading.local.replace(tzinfo=timezone(offset)), round(offset.total_seconds() / 60), "exif")


def _gps_photo_time(fix: _Reading | None) -> PhotoTime:
    if fix is None:
        return PhotoTime()
    at = fix.local.replace(tzinfo=UTC)
    return PhotoTime(at, 0, "gps") if fix.has_clock else PhotoTime(at, None, DATE_ONLY)


def _parse_date(value: object, fraction: object) -> tuple[_Reading | None, str]:
    """Return the local time, or None if it is missing or invalid, and the zone that follows it in the text."""
    match = _DATE.fullmatch(clean_text(value))
    if match is None:
        return None, ""
    *texts, own_fraction, half, zone = match.groups()
    year, month, day, hour, minute, second = (int(text or 0) for text in texts)
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half.upper() == "PM" else 0)
    # Some Android phones number the hours from 1 to 24. They write 24:08 for 00:08, with the date of the new day.
    hour = 0 if hour == 24 else hour
    second = 59 if second == 60 else second
    try:
        local = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 (the zone is added later)
    except ValueError:
        return None, ""
    digits = own_fraction or clean_text(fraction)
    if texts[3] and digits.isascii() and digits.isdigit():
        local = local.replace(microsecond=int(digits[:6].ljust(6, "0")))
    return _Reading(local, has_clock=texts[3] is not None), zone or ""


def _gps_time(gps: Mapping[int, object]) -> _Reading | None:
    """Return the time of the GPS fix in UTC, or only its date if the time is missing or invalid."""
    date, _zone = _parse_date(gps.get(ExifTags.GPS.GPSDateStamp), None)
    if date is None or not 1980 <= date.local.year < 9999:
        return None
    midnight = date.local.replace(hour=0, minute=0, second=0, microsecond=0)
    time = gps.get(ExifTags.GPS.GPSTimeStamp)
    parts = [finite_float(part) for part in time] if isinstance(time, tuple) and len(time) == 3 else []
    if not parts or None in parts:
        return _Reading(midnight, has_clock=False)
    hours, minutes, seconds = (part or 0 for part in parts)
    if not (0 <= hours < 24 and 0 <= minutes < 60 and 0 <= seconds < 61):
        return _Reading(midnight, has_clock=False)
    return _Reading(midnight + timedelta(hours=hours, minutes=minutes, seconds=seconds), has_clock=True)
