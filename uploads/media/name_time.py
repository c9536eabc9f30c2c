"""Derive the time when a picture was taken from the file's name."""

import re
from datetime import UTC, datetime

# A date of eight digits and a time of six, or nine with milliseconds, as written by cameras, phones and messengers. No
# digit may precede or follow them, because parts of longer numbers can look like a date.
_DATE_TIME = re.compile(
    r"(?<!\d)((?:19|20)\d\d)[-_.]?([01]\d)[-_.]?([0-3]\d)(?:[-_. T]| \w{1,4} |-at-)?"
    r"([0-2]\d|\d(?=[.:]))[-_.:h]?([0-5]\d)[-_.:m]?([0-5]\d)(?:[-_.]?(\d{3}))?(?!\d)(?:\s?([AP])M)?",
)
_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_.]?)([01]\d)\2([0-3]\d)(?!\d)", re.ASCII)
_WHATSAPP = re.compile(r"(?:IMG|VID|PTT|AUD)-(\d{4})(\d\d)(\d\d)-WA\d+", re.ASCII | re.IGNORECASE)
# Names that start with milliseconds since 1970 (2001 to 2033), or with one of these prefixes and milliseconds, as
# written by Facebook and some Android apps.
_MILLISECONDS = re.compile(r"(?:FB_IMG_|IMG_|received_|mmexport|)(1\d{12})(?!\d).*", re.ASCII | re.IGNORECASE)
_YEARS = range(1990, 2100)


def time_from_name(name: str) -> datetime | None:
    """Return the time in a file's name, or None. If the zone is unknown, the local time is returned as UTC.

    If the name contains only a date, the time is midnight.
    """
    stem = name.rpartition(".")[0] or name
    if match := _MILLISECONDS.fullmatch(stem):
        return datetime.fromtimestamp(int(match[1]) / 1000, UTC)
    if match := _WHATSAPP.search(stem):
        return _time(match[1], match[2], match[3])
    if match := _DATE_TIME.search(stem):
        year, month, day, hour, minute, second, milliseconds, half = match.groups()
        clock = int(hour) % 12 + 12 * (half == "P") if half else hour
        found = _time(year, month, day, clock, minute, second)
        return found and found.replace(microsecond=int(milliseconds or 0) * 1000)
    if match := _DATE.search(stem):
        return _time(match[1], match[3], match[4])
    return None


def _time(*numbers: str | int) -> datetime | None:
    try:
        time = datetime(*map(int, numbers), tzinfo=UTC)  # type: ignore[arg-type,misc]
    except ValueError:
        return None
    return time if time.year in _YEARS else None
