"""Keyset pagination: new rows do not shift pages, and the last page is as fast as the first."""

import re
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar, cast
from urllib.parse import urlencode

from django.db.models import BooleanField, Expression, F, Func, Model, QuerySet, Value

Row = TypeVar("Row", bound=Model)

_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Cursor:
    """The position of a row in a list that is sorted by an instant and then by id."""

    at: datetime
    id: int

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // _MICROSECOND}.{self.id}"

    @classmethod
    def parse(cls, text: str | None) -> "Cursor | None":
        """Return the cursor that `text` represents, or None if it is invalid."""
        match = re.fullmatch(r"(-?[0-9]{1,17})\.([0-9]{1,18})", text or "", re.ASCII)
        if match is None:
            return None
        try:
            return cls(_EPOCH + int(match[1]) * _MICROSECOND, int(match[2]))
        except OverflowError:
            return None


def compare(instant: str, operator: str, cursor: Cursor) -> Func:
    """Return a condition that compares the row (instant, id) with `cursor`. PostgreSQL can use an index for it."""
    row, place = (
        Func(*values, function="ROW") for values in ((F(instant), F("id")), (Value(cursor.at), Value(cursor.id)))
    )
    return Func(row, place, template="(%(expressions)s)", arg_joiner=f" {operator} ", output_field=BooleanField())


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """The rows of a page, and the query strings of the neighbouring pages ("" for a page that does not exist)."""

    rows: list[Row]
    next_query: str
    previous_query: str


def paginate_by_id(
    rows: QuerySet[Row], query: Mapping[str, str], size: int, *, newest_first: bool, keep: tuple[str, ...] = ()
) -> Page[Row]:
    """Return the page that `query` requests with `after=<id>` or `before=<id>`, in display order.

    If the id is invalid, return the first page. `keep` names the parameters of `query` to keep in `next_query` and
    `previous_query`.
    """
    kept = {name: query[name] for name in keep if query.get(name)}
    before, after = parse_id(query.get("before")), parse_id(query.get("after"))
    backwards = before is not None
    cursor = before if backwards else after
    descending = newest_first != backwards
    if cursor is not None:
        rows = rows.filter(id__lt=cursor) if descending else rows.filter(id__gt=cursor)
    found = list(rows.order_by("-id" if descending else "id")[: size + 1])
    return _make_page(found, size, lambda row: row.pk, kept, backwards=backwards, is_first=cursor is None)


def paginate_lists(
    lists: Mapping[str, QuerySet[Row]], query: Mapping[str, str], size: int, *, keep: tuple[str, ...] = ()
) -> Page[Row]:
    """Return the page that `query` requests from a sequence of lists, each sorted by id.

    A cursor consists of a key of `lists` and an id. If it is invalid, return the first page. See `paginate_by_id` for
    `keep`. A row that moves to another list between two queries is returned only once.
    """
    kept = {name: query[name] for name in keep if query.get(name)}
    before, after = (_parse_place(query.get(name), lists) for name in ("before", "after"))
    backwards = before is not None
    start = before or after
    found: dict[int, tuple[str, Row]] = {}
    for key, rows in _lists_from(lists, start, backwards=backwards):
        for row in rows.order_by("-id" if backwards else "id")[: size + 1 - len(found)]:
            found.setdefault(row.pk, (key, row))
    in_order = [row for _key, row in found.values()]
    return _make_page(
        in_order, size, lambda row: f"{found[row.pk][0]}.{row.pk}", kept, backwards=backwards, is_first=start is None
    )


def _lists_from(
    lists: Mapping[str, QuerySet[Row]], start: tuple[str, int] | None, *, backwards: bool
) -> list[tuple[str, QuerySet[Row]]]:
    """Return the lists in the order in which to query them, which is reversed if `backwards`.

    The first is the list of the cursor `start`, with only the rows beyond `start`.
    """
    keys = list(lists)
    if backwards:
        keys.reverse()
    if start is None:
        return [(key, lists[key]) for key in keys]
    first, id = start
    rest = keys[keys.index(first) + 1 :]
    rows = lists[first].filter(id__lt=id) if backwards else lists[first].filter(id__gt=id)
    return [(first, rows), *((key, lists[key]) for key in rest)]


def _parse_place(text: str | None, lists: Container[str]) -> tuple[str, int] | None:
    key, _dot, number = (text or "").rpartition(".")
    id = parse_id(number)
    return (key, id) if id is not None and key in lists else None


def paginate_by_instant(
    rows: QuerySet[Row],
    query: Mapping[str, str],
    size: int,
    instant: Expression | F,
    *,
    keep: tuple[str, ...] = (),
) -> Page[Row]:
    """Return the page that `query` requests with `after` or `before`; rows with the latest `instant` come first.

    A cursor consists of the microseconds of an instant and an id. If it is invalid, return the first page. See
    `paginate_by_id` for `keep`.
    """
    kept = {name: query[name] for name in keep if query.get(name)}
    before, after = Cursor.parse(query.get("before")), Cursor.parse(query.get("after"))
    backwards = before is not None
    rows = cast(QuerySet[Row], rows.annotate(instant=instant))
    if before is not None:
        rows = rows.filter(compare("instant", ">", before))
    elif after is not None:
        rows = rows.filter(compare("instant", "<", after))
    order = ("instant", "id") if backwards else ("-instant", "-id")
    found = list(rows.order_by(*order)[: size + 1])
    return _make_page(found, size, _cursor, kept, backwards=backwards, is_first=before is None and after is None)


def page_number(query: Mapping[str, str]) -> int:
    """Return the page number in the parameter `page`, or 1 if it is missing or invalid."""
    text = query.get("page", "")
    return max(1, int(text)) if re.fullmatch("[0-9]{1,6}", text) else 1


def parse_id(text: str | None) -> int | None:
    """Return the id that `text` represents, or None if it is invalid."""
    return int(text) if text and re.fullmatch("[0-9]{1,18}", text) else None


def parse_ids(texts: Iterable[str]) -> set[int]:
    """Return the ids that `texts` represent. Invalid ones are ignored."""
    return {id for text in texts if (id := parse_id(text)) is not None}


def _make_page(
    found: list[Row],
    size: int,
    cursor: Callable[[Row], object],
    kept: Mapping[str, str],
    *,
    backwards: bool,
    is_first: bool,
) -> Page[Row]:
    """Make a page of the first `size` rows of `found`. If there are more rows, another page follows.

    `backwards` means that `found` is in reverse display order.
    """
    more, rows = len(found) > size, found[:size]
    if backwards:
        rows.reverse()
    has_next = bool(rows) and (more or backwards)
    has_previous = bool(rows) and (more if backwards else not is_first)
    return Page(
        rows,
        urlencode({**kept, "after": cursor(rows[-1])}) if has_next else "",
        urlencode({**kept, "before": cursor(rows[0])}) if has_previous else "",
    )


def _cursor(row: Model) -> Cursor:
    return Cursor(row.instant, row.pk)  # type: ignore[attr-defined]
