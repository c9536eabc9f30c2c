"""Paging that never counts a whole table."""

from functools import cached_property
from typing import Any, cast

from django.core.paginator import Paginator
from django.db.models import QuerySet

MOST_ROWS = 10_000


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # generic for mypy only, not when it runs
    """Counts, and leads to, the first MOST_ROWS rows: the last page costs no more than skipping so many.

    What lies behind is found by a filter. `bounded` tells that there is more.
    """

    @cached_property
    def count(self) -> int:
        """The number of rows, MOST_ROWS at most."""
        rows = cast("QuerySet[Any]", self.object_list)
        return rows.order_by().values("pk")[:MOST_ROWS].count()

    @property
    def bounded(self) -> bool:
        """Whether there may be more rows than can be paged to."""
        return self.count >= MOST_ROWS
