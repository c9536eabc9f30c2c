"""Keyset pagination: pages stay correct while rows are added, and the last page is as fast as the first."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlencode

from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)


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


def _parse_id(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch("[0-9]{1,18}", text) else None
