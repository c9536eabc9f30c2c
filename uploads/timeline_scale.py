"""The scale beside the timeline: the years with pictures, and the months of the year in which the page begins."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby

from django.db.models import Case, DateField, QuerySet, Sum, When
from django.db.models.functions import Cast, TruncMonth, TruncYear
from django.utils.formats import number_format
from django.utils.translation import ngettext

from uploads.models import UNDATED, TimelineDay
from uploads.pagination import Cursor
from uploads.timeline import TimelinePage

_LAST_MONTH = date(9999, 12, 1)


@dataclass(frozen=True, slots=True)
class Period:
    """A month, a year, or the pictures without a date (`first_day` is None).

    `cursor` is the place in the timeline where the period begins. `months` is empty unless the period is the
    year in which the page begins.
    """

    first_day: date | None
    pictures: int
    cursor: Cursor
    is_current: bool
    months: "list[Period]"

    @property
    def key(self) -> str:
        """The month as YYYY-MM, or "undated"."""
        return self.first_day.isoformat()[:7] if self.first_day else "undated"

    @property
    def title(self) -> str:
        """The number of pictures as text."""
        return _count_text(self.pictures)


def read_scale(owner_id: int, page: TimelinePage) -> list[Period]:
    """Return the years of the owner's timeline, the newest first. Pictures without a date come last."""
    if not page.days:
        return []
    shown = (page.days[0].date or UNDATED.date()).replace(day=1)
    rows = _count_pictures(owner_id, shown.year)
    return [_make_year(list(of_year), shown) for _, of_year in groupby(rows, key=lambda row: row[0].year)]


def total_text(scale: list[Period]) -> str:
    """Return the number of pictures in the whole timeline as text."""
    return _count_text(sum(period.pictures for period in scale))


def _count_text(pictures: int) -> str:
    """Return a text such as “12 pictures”. `{% blocktranslate %}` would take ten times as long."""
    shown = number_format(pictures, force_grouping=True)
    return ngettext("%(shown)s picture", "%(shown)s pictures", pictures) % {"shown": shown}


def _count_pictures(owner_id: int, year: int) -> QuerySet[TimelineDay, tuple[date, int]]:
    """Return the first day and the number of pictures for each month of `year`, and for each other year."""
    first_day = Case(When(day__year=year, then=TruncMonth("day")), default=TruncYear("day"))
    days = TimelineDay.objects.filter(owner_id=owner_id).values(first_day=Cast(first_day, DateField()))
    rows = days.annotate(total=Sum("pictures")).filter(total__gt=0)
    return rows.order_by("-first_day").values_list("first_day", "total")


def _make_year(rows: list[tuple[date, int]], shown: date) -> Period:
    first_day, pictures = rows[0][0], sum(count for _, count in rows)
    if first_day.year == UNDATED.year:
        return Period(None, pictures, _end_of(first_day), first_day == shown, [])
    is_current = first_day.year == shown.year
    months = [Period(month, count, _end_of(month), month == shown, []) for month, count in rows if is_current]
    return Period(first_day, pictures, _end_of(first_day.replace(month=12)), is_current, months)


def _end_of(month: date) -> Cursor:
    """Return the cursor at the end of `month`.

    The timeline lists the newest pictures first, so the month begins there. The id of 0 excludes pictures from the
    first instant of the next month.
    """
    if month == _LAST_MONTH:
        return Cursor(datetime.max.replace(tzinfo=UTC), 0)
    years, month_index = divmod(month.year * 12 + month.month, 12)
    return Cursor(datetime(years, month_index + 1, 1, tzinfo=UTC), 0)
