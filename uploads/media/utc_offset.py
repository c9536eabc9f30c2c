"""Parse UTC offsets, or compute them from the difference between two clocks."""

import re
from datetime import timedelta

MAX_UTC_OFFSET = timedelta(hours=14)
_STEP = timedelta(minutes=15)
"""The UTC offsets of all time zones are multiples of this."""
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d\d?)(?::?(\d\d))?", re.ASCII)


def parse_utc_offset(text: str) -> timedelta | None:
    """Parse an offset such as “+02:00”, “-0330”, “UTC+2” or “Z”. Return None if `text` is not a valid offset."""
    if text in {"Z", "z", "UTC", "GMT"}:
        return timedelta()
    match = _OFFSET.fullmatch(text.replace("\N{MINUS SIGN}", "-"))
    if match is None:
        return None
    sign, hours, minutes = match.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
    if offset > MAX_UTC_OFFSET:
        return None
    return -offset if sign == "-" else offset


def nearest_utc_offset(difference: timedelta, tolerance: timedelta) -> timedelta | None:
    """Return the UTC offset that explains the difference between a local time and UTC, or between two local times.

    Return None if the difference deviates from every possible offset by more than `tolerance`.
    """
    offset = round(difference / _STEP) * _STEP
    return offset if abs(offset) <= MAX_UTC_OFFSET and abs(difference - offset) <= tolerance else None
