"""The scale beside the timeline: the years with pictures, and the months of the year in which the page begins."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby

from django.db.models import Sum
from django.db.models.functions import TruncMonth

from uploads.models import UNDATED, TimelineDay
from uploads.pagination import Cursor
from uploads.timeline import TimelinePage

_LAST_MONTH = date(9999, 12, 1)


@dataclass(frozen=True, slots=True)
class Period:
    """A month, a year, or the pictures without a date (`first_day` is None).

    `cursor` is the place in the timeline where the period begins. `months` is empty unless the page begins in this
    year.
    """

    first_day: date | None
    pictures: int
    cursor: Cursor
    is_current: bool
    months: "list[Period]"


def read_scale(owner_id: int, page: TimelinePage) -> list[Period]:
    """Return the years of the owner's timeline, the newest first. Pictures without a date come last."""
    shown = (page.days[0].date or UNDATED.date()).replace(day=1) if page.days else None
    return [
        _undated(months, shown) if year == UNDATED.year else _year(months, shown)
        for year, months in _months_by_year(owner_id)
    ]


def _months_by_year(owner_id: int) -> Iterator[tuple[int, dict[date, int]]]:
    days = TimelineDay.objects.filter(owner_id=owner_id).values(month=TruncMonth("day"))
    rows = days.annotate(total=Sum("pictures")).filter(total__gt=0).order_by("-month")
    for year, months in groupby(rows, key=lambda row: row["month"].year):
        yield year, {row["month"]: row["total"] for row in months}


def _undated(months: dict[date, int], shown: date | None) -> Period:
    [(first_day, pictures)] = months.items()
    return Period(None, pictures, _end_of(first_day), first_day == shown, [])


def _year(months: dict[date, int], shown: date | None) -> Period:
    newest = max(months)
    is_current = shown is not None and newest.year == shown.year
    below = [Period(month, count, _end_of(month), month == shown, []) for month, count in months.items()]
    return Period(newest, sum(months.values()), _end_of(newest), is_current, below if is_current else [])


def _end_of(month: date) -> Cursor:
    """Return the cursor at the end of this month, where the month begins in the timeline (newest first).

    Its id 0 excludes pictures from the first instant of the next month.
    """
    if month == _LAST_MONTH:
        return Cursor(datetime.max.replace(tzinfo=UTC), 0)
    years, month_index = divmod(month.year * 12 + month.month, 12)
    return Cursor(datetime(years, month_index + 1, 1, tzinfo=UTC), 0)
