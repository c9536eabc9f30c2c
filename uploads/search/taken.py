"""Dates and ranges of dates in queries: `2024`, `2024-06`, `2024-06-18`, `2024-06..2024-08`, `2024..`, `..2023`."""

import re
from datetime import date, timedelta

_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_MIN_YEAR, _MAX_YEAR = 1000, 9998


class TakenError(ValueError):
    """The text is neither a date nor a range of dates."""


def parse_taken(text: str) -> tuple[date | None, date | None]:
    """Return the first day and the day after the last, each None if that end is open. Raises TakenError."""
    start, dots, end = text.partition("..")
    if not dots:
        end = start
    if not start and not end:
        raise TakenError(text)
    first = _period(start)[0] if start else None
    after = _period(end)[1] if end else None
    if first and after and first >= after:
        raise TakenError(text)
    return first, after


def _period(text: str) -> tuple[date, date]:
    """Return the first day of a year, month or day, and the first day after it."""
    found = _DATE.fullmatch(text)
    if found is None or not _MIN_YEAR <= int(found[1]) <= _MAX_YEAR:
        raise TakenError(text)
    year, month, day = int(found[1]), int(found[2] or 1), int(found[3] or 1)
    try:
        first = date(year, month, day)
    except ValueError:
        raise TakenError(text) from None
    if found[3]:
        return first, first + timedelta(days=1)
    if found[2]:
        return first, date(year + month // 12, month % 12 + 1, 1)
    return first, date(year + 1, 1, 1)
