"""The pictures whose vectors are nearest to that of a query, by an exact scan or by an approximate index."""

import json
from typing import Any, cast

from django.db import connection
from django.db.models import QuerySet, Value
from django.db.models.functions import Cast
from pgvector.django import HalfVectorField, MaxInnerProduct

from uploads.models import Embedding
from uploads.search.filters import INDEXED, filter_vectors
from uploads.search.language import Query
from uploads.search.vector_index import EXACT_ROWS, has_index

Vector = tuple[float, ...]

SCAN_SETTINGS = {
    # With an index, continue the scan until enough vectors meet the filters, but not through a whole large library.
    "hnsw.iterative_scan": "relaxed_order",
    "hnsw.ef_search": "200",
    "hnsw.max_scan_tuples": "10000",
    "hnsw.scan_mem_multiplier": "8",
    # No search may read a whole table, even if statistics are out of date.
    "enable_seqscan": "off",
    # PostgreSQL underestimates some filters, and would sort all rows instead of scanning the index of vectors.
    "enable_sort": "off",
}
"""Settings for the transactions of searches; see docs/search.md for how they were chosen."""

MAX_FILTERED = 200
"""Pictures taken from an index if there are filters, which exclude most of what is read."""


def apply_scan_settings() -> None:
    """Set SCAN_SETTINGS for the current transaction."""
    with connection.cursor() as cursor:
        calls = ", ".join(["set_config(%s, %s, true)"] * len(SCAN_SETTINGS))
        cursor.execute(f"SELECT {calls}", [part for setting in SCAN_SETTINGS.items() for part in setting])


def nearest(owner_id: int, query: Query, model: str, vector: Vector, limit: int) -> dict[int, float]:
    """Return the cosines of the owner's nearest pictures that meet the filters, by upload and best first.

    `vector` has unit length. If the index finds too few, because the filters exclude most pictures that look like the
    query, all vectors are compared. Call this in a transaction with SCAN_SETTINGS.
    """
    rows = filter_vectors(owner_id, query, model)
    if has_index(owner_id, model):
        scanned = filter_vectors(owner_id, query.filtered_by(INDEXED), model)
        enough = min(limit, MAX_FILTERED) if query.filters else limit
        if estimate_rows(scanned) > EXACT_ROWS and len(found := approximate(rows, vector, enough)) == enough:
            return found
    return exact(rows, vector, limit)


def exact(rows: QuerySet[Embedding], vector: Vector, limit: int) -> dict[int, float]:
    """Compare all rows, embeddings of one owner and model; see `nearest`."""
    return dict(by_scan(rows, vector).values_list("upload_id", "cosine")[:limit])


def approximate(rows: QuerySet[Embedding], vector: Vector, limit: int) -> dict[int, float]:
    """Scan the index; see `nearest`. The result may have less than `limit` entries although there are more rows."""
    ordered = by_index(rows, vector).values_list("upload_id", "distance")[:limit]
    return {id: -distance for id, distance in sorted(ordered, key=lambda row: (row[1], -row[0]))}


def by_scan(rows: QuerySet[Embedding], vector: Vector) -> QuerySet[Any, Any]:
    """Return all rows in the order of their `cosine` to a vector of unit length."""
    cosine = Value(-1.0) * MaxInnerProduct("vector", _value(vector))
    return rows.annotate(cosine=cosine).order_by("-cosine", "-upload_id")


def by_index(rows: QuerySet[Embedding], vector: Vector) -> QuerySet[Any, Any]:
    """Return rows in about the order of their `distance`, by the expression of the index."""
    indexed = Cast("vector", HalfVectorField(dimensions=len(vector)))
    return rows.annotate(distance=MaxInnerProduct(indexed, _value(vector))).order_by("distance")


def estimate_rows(rows: QuerySet[Any]) -> float:
    """Return how many rows PostgreSQL expects, from its statistics. This takes less than 1 ms."""
    [plan] = json.loads(rows.order_by().explain(format="json"))
    return cast(float, plan["Plan"]["Plan Rows"])


def _value(vector: Vector) -> Value:
    """Return a parameter. Django would compare a list of numbers with that of other expressions, number by number."""
    return Value(f"[{','.join(map(str, vector))}]")
