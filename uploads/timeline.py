"""The timeline: an owner's pictures by day, the newest first, in pages. Pictures without a date come last."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import cast

from django.db.models import QuerySet, Sum

from uploads.models import UNDATED, TimelineDay, Upload, live_photos
from uploads.pagination import Cursor, compare

PAGE_PICTURES = 48
# A page ends at the end of a day if it then has at least this many pictures. Otherwise, the day continues on the next
# page.
FEWEST_PICTURES = 32
_TILE_COLUMNS = (
    *("id", "owner_id", "key", "filename", "kind", "width", "height", "duration", "place", "previews", "tint"),
    *("description", "description_model", "description_edited", "processed_at", "timeline_at"),
)


@dataclass(frozen=True, slots=True)
class Day:
    """The pictures of one day on a page. `date` is None for pictures without a date. `total` counts the whole day.

    `starts_month` is true unless the previous day on the page is in the same month.
    """

    date: date | None
    place: str
    total: int
    pictures: list[Upload]
    starts_month: bool

    @property
    def key(self) -> str:
        """The date as YYYY-MM-DD, or `undated`. Template filters would take ten times as long."""
        return self.date.isoformat() if self.date else "undated"

    @property
    def month_key(self) -> str:
        """The month as YYYY-MM, or "" without a date."""
        return self.key[:7] if self.date else ""


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """A page of a timeline.

    `newer` is the position of the first picture on this page, or None if there are no newer pictures. `older` is the
    position of the first picture on the next page, or None if this is the last page.
    `live` contains the ids of live and motion photos.
    """

    days: list[Day]
    newer: Cursor | None
    older: Cursor | None
    live: set[int]

    @property
    def splits_day(self) -> bool:
        """Whether the last day on this page continues on the next page."""
        return self.older is not None and self.older.at.date() == (self.days[-1].date or UNDATED.date())


def timeline_of(owner_id: int) -> QuerySet[Upload]:
    """Return the pictures that the owner's timeline shows, in its order."""
    rows = Upload.objects.filter(owner_id=owner_id, timeline_at__isnull=False)
    return rows.order_by("-timeline_at", "-id")


def from_cursor(rows: QuerySet[Upload], cursor: Cursor) -> QuerySet[Upload]:
    """Limit the rows of a timeline to the picture at `cursor` and all older ones."""
    return rows.filter(compare("timeline_at", "<=", cursor))


def before_cursor(rows: QuerySet[Upload], cursor: Cursor) -> QuerySet[Upload]:
    """Limit the rows of a timeline to those newer than the picture at `cursor`, and return the oldest of them first."""
    return rows.filter(compare("timeline_at", ">", cursor)).reverse()


def place_of(upload: Upload) -> Cursor:
    """Return the cursor of an upload that the timeline shows."""
    return Cursor(cast(datetime, upload.timeline_at), upload.pk)


def read_page(owner_id: int, query: Mapping[str, str]) -> TimelinePage:
    """Return the page that begins at the cursor `from` or ends before the cursor `before`; both are keys of `query`.

    Without a valid cursor, or if the page would be empty, return the first page.
    """
    rows = timeline_of(owner_id).only(*_TILE_COLUMNS)
    end, start = Cursor.parse(query.get("before")), Cursor.parse(query.get("from"))
    if end is not None and (found := list(before_cursor(rows, end)[: PAGE_PICTURES + 1])):
        count = _page_length(found)
        newer = place_of(found[count - 1]) if count < len(found) else None
        older = end if from_cursor(rows, end).exists() else None
        return _make_page(owner_id, found[count - 1 :: -1], newer, older)
    found = list(from_cursor(rows, start)[: PAGE_PICTURES + 1]) if start else []
    found = found or list(rows[: PAGE_PICTURES + 1])
    count = _page_length(found)
    first = place_of(found[0]) if found else None
    newer = first if first and start and before_cursor(rows, first).exists() else None
    return _make_page(owner_id, found[:count], newer, place_of(found[count]) if count < len(found) else None)


def _page_length(found: list[Upload]) -> int:
    """Return how many of `found` to show on the page. If more pictures follow, `found` has PAGE_PICTURES + 1."""
    if len(found) <= PAGE_PICTURES:
        return len(found)
    ends = (end for end in range(PAGE_PICTURES, FEWEST_PICTURES - 1, -1) if _day(found[end]) != _day(found[end - 1]))
    return next(ends, PAGE_PICTURES)


def _make_page(owner_id: int, pictures: list[Upload], newer: Cursor | None, older: Cursor | None) -> TimelinePage:
    return TimelinePage(list(_group_by_day(owner_id, pictures)), newer, older, live_photos(pictures))


def _group_by_day(owner_id: int, pictures: list[Upload]) -> Iterator[Day]:
    dates = {_day(picture) for picture in pictures}
    counts = TimelineDay.objects.filter(owner_id=owner_id, day__in=dates).values("day")
    totals = {row["day"]: row["total"] for row in counts.annotate(total=Sum("pictures")).order_by("day")}
    month = None
    for day, shown in groupby(pictures, _day):
        of_day = list(shown)
        starts_month, month = month != (day.year, day.month), (day.year, day.month)
        places = [picture.place for picture in of_day if picture.place]
        place = max(places, key=places.count, default="")
        yield Day(None if day == UNDATED.date() else day, place, totals.get(day, len(of_day)), of_day, starts_month)


def _day(picture: Upload) -> date:
    return cast(datetime, picture.timeline_at).date()
