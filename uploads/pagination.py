"""Paging by cursor: pages stay right while rows come, and the last page costs no more than the first."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlencode

from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows in order, and the query strings of the neighbouring pages (empty where there is none)."""

    rows: list[Row]
    next_query: str
    previous_query: str


def paginate_by_id(
    rows: QuerySet[Row], query: Mapping[str, str], size: int, *, newest_first: bool, keep: tuple[str, ...] = ()
) -> Page[Row]:
    """Return the page that `query` asks for by `after=<id>` or `before=<id>`, in the order that is read.

    Anything that is no id means the first page. `keep` names the parameters that the neighbouring pages keep.
    """
    kept = {name: query[name] for name in keep if query.get(name)}
    before, after = _id(query.get("before")), _id(query.get("after"))
    backwards = before is not None
    cursor = before if backwards else after
    descending = newest_first != backwards
    if cursor is not None:
        rows = rows.filter(id__lt=cursor) if descending else rows.filter(id__gt=cursor)
    found = list(rows.order_by("-id" if descending else "id")[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    return Page(
        found,
        urlencode(kept | {"after": found[-1].pk}) if found and (more or backwards) else "",
        urlencode(kept | {"before": found[0].pk}) if found and (more if backwards else cursor is not None) else "",
    )


def _id(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch("[0-9]{1,18}", text) else None
