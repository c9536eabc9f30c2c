"""Keyset pagination: pages stay correct while rows are added, and the last page is as fast as the first."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar, cast
from urllib.parse import urlencode

from django.db.models import Expression, Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)

_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """The rows of a page, and the query strings of the neighbouring pages ("" for a page that does not exist)."""

    rows: list[Row]
    next_query: str
    previous_query: str


def paginate_by_id(
    rows: QuerySet[Row], query: Mapping[str, str], size: int, *, newest_first: bool, keep: tuple[str, ...] = ()
) -> Page[Row]:
    """Return the page that `query` requests with `after=<id>` or `before=<id>`; its rows are in display order.

    If the id is invalid, return the first page. `keep` names the parameters of `query` to keep in `next_query` and
    `previous_query`.
    """
    kept = {name: query[name] for name in keep if query.get(name)}
    before, after = _parse_id(query.get("before")), _parse_id(query.get("after"))
    backwards = before is not None
    cursor = before if backwards else after
    descending = newest_first != backwards
    if cursor is not None:
        rows = rows.filter(id__lt=cursor) if descending else rows.filter(id__gt=cursor)
    page = list(rows.order_by("-id" if descending else "id")[: size + 1])
    more, page = len(page) > size, page[:size]
    if backwards:
        page.reverse()
    return Page(
        page,
        urlencode(kept | {"after": page[-1].pk}) if page and (more or backwards) else "",
        urlencode(kept | {"before": page[0].pk}) if page and (more if backwards else cursor is not None) else "",
    )


def paginate_by_instant(rows: QuerySet[Row], query: Mapping[str, str], size: int, instant: Expression) -> Page[Row]:
    """Return the page that `query` requests with `after` or `before`; rows with the latest `instant` come first.

    A cursor consists of the microseconds of an instant and an id. If it is invalid, return the first page.
    """
    before, after = _parse_cursor(query.get("before")), _parse_cursor(query.get("after"))
    backwards = before is not None
    rows = cast(QuerySet[Row], rows.annotate(instant=instant))
    if before is not None:
        rows = rows.filter(Q(instant__gte=before[0]), Q(instant__gt=before[0]) | Q(id__gt=before[1]))
    elif after is not None:
        rows = rows.filter(Q(instant__lte=after[0]), Q(instant__lt=after[0]) | Q(id__lt=after[1]))
    order = ("instant", "id") if backwards else ("-instant", "-id")
    page = list(rows.order_by(*order)[: size + 1])
    more, page = len(page) > size, page[:size]
    if backwards:
        page.reverse()
    return Page(
        page,
        urlencode({"after": _cursor(page[-1])}) if page and (more or backwards) else "",
        urlencode({"before": _cursor(page[0])}) if page and (more if backwards else after is not None) else "",
    )


def _cursor(row: Model) -> str:
    instant: datetime = row.instant  # type: ignore[attr-defined]
    return f"{(instant - _EPOCH) // _MICROSECOND}.{row.pk}"


def _parse_cursor(text: str | None) -> tuple[datetime, int] | None:
    match = re.fullmatch(r"(-?[0-9]{1,17})\.([0-9]{1,18})", text or "", re.ASCII)
    if match is None:
        return None
    try:
        return _EPOCH + int(match[1]) * _MICROSECOND, int(match[2])
    except OverflowError:
        return None


def _parse_id(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch("[0-9]{1,18}", text) else None
