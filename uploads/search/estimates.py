"""Estimate how many rows a search would read, without reading them."""

import json
from datetime import date
from typing import Any, cast

from django.db.models import QuerySet, Sum

from uploads.models import UNDATED, TimelineDay
from uploads.search.filters import INDEXED, filter_vectors
from uploads.search.query import Query
from uploads.search.taken import parse_taken


def estimate_vectors(owner_id: int, query: Query, model: str) -> float:
    """Estimate how many of the owner's vectors match those filters that are in INDEXED. This takes about 1 ms.

    The number for dates comes from the timeline: PostgreSQL's statistics do not show that owners took their pictures at
    different times, and are often wrong by a factor of two or more.
    """
    dates = [one for one in query.filters if one.name == "taken" and not one.negated]
    others = Query(filters=tuple(one for one in query.filtered_by(INDEXED).filters if one not in dates))
    counts = [count_taken(owner_id, *parse_taken(one.value)) for one in dates]
    if others or not dates:
        counts.append(estimate_rows(filter_vectors(owner_id, others, model)))
    return min(counts)


def count_taken(owner_id: int, first: date | None, after: date | None) -> float:
    """Return how many pictures in the owner's timeline were taken on or after `first` and before `after`, if given."""
    days = TimelineDay.objects.filter(owner_id=owner_id, day__gt=UNDATED.date())
    if first:
        days = days.filter(day__gte=first)
    if after:
        days = days.filter(day__lt=after)
    return float(days.aggregate(count=Sum("pictures"))["count"] or 0)


def estimate_rows(rows: QuerySet[Any]) -> float:
    """Return how many rows PostgreSQL expects, from its statistics. This takes less than 1 ms."""
    # Select one column, because Django takes 1 ms to list all columns of an upload.
    [plan] = json.loads(rows.order_by().values("pk").explain(format="json"))
    return cast(float, plan["Plan"]["Plan Rows"])
