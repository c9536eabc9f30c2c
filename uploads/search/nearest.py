"""Find the vectors nearest to a query's vector, with an exact scan or an approximate index."""

import json
from typing import Any, cast

from django.db.models import FilteredRelation, Q, QuerySet, Value
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Cast
from pgvector.django import HalfVectorField, MaxInnerProduct

from uploads.models import Upload
from uploads.search.filters import INDEXED, AnyOf, filter_vectors
from uploads.search.query import Query
from uploads.search.vector_index import EXACT_ROWS, has_index

Vector = tuple[float, ...]


class OwnerVectors:
    """The vectors that one model computed for those pictures of an owner that match a query's filters.

    They are compared with `vector`. If it is not a unit vector, "cosine" here means the cosine times its length.
    Cosines are keyed by the id of the upload, best first. Use this in a search_transaction().
    """

    def __init__(self, owner_id: int, query: Query, model: str, vector: Vector) -> None:
        self._owner_id, self._query, self._model = owner_id, query, model
        # Pass the vector as text, because Django compares the lists in expressions number by number.
        self._vector, self._dimensions = Value(f"[{','.join(map(str, vector))}]"), len(vector)
        self.rows = filter_vectors(owner_id, query, model)
        self.indexed = has_index(owner_id, model)

    def nearest(self, limit: int) -> dict[int, float]:
        """Return the cosines of the nearest vectors.

        If the index finds too few, because the filters exclude most of the nearest pictures, all vectors are compared.
        """
        if self.indexed and self._scan_is_long() and len(found := self.approximate(limit)) == limit:
            return found
        return self.exact(Q(), limit)

    def exact(self, condition: Q | AnyOf, limit: int) -> dict[int, float]:
        """Compare all vectors that also match `condition`. Return the cosines of the `limit` nearest."""
        return dict(self.by_scan().filter(condition).values_list("upload_id", "cosine")[:limit])

    def approximate(self, limit: int) -> dict[int, float]:
        """Scan the index. The result may have fewer than `limit` entries even if there are more vectors."""
        ordered = self.by_index().values_list("upload_id", "distance")[:limit]
        return {id: -distance for id, distance in sorted(ordered, key=lambda row: (row[1], -row[0]))}

    def by_scan(self) -> QuerySet[Any, Any]:
        """Return all rows, the highest `cosine` first."""
        return self.rows.annotate(cosine=self._cosine("vector")).order_by("-cosine", "-upload_id")

    def by_index(self) -> QuerySet[Any, Any]:
        """Return rows in approximate order of `distance`, the expression that is indexed."""
        indexed = Cast("vector", HalfVectorField(dimensions=self._dimensions))
        return self.rows.annotate(distance=MaxInnerProduct(indexed, self._vector)).order_by("distance")

    def join(self, pictures: QuerySet[Upload]) -> QuerySet[Any, Any]:
        """Annotate pictures with their `cosine`, or None if they have no vector."""
        compared = FilteredRelation("embeddings", condition=Q(embeddings__model=self._model))
        return pictures.annotate(compared=compared).annotate(cosine=self._cosine("compared__vector"))

    def _cosine(self, column: str) -> CombinedExpression:
        return Value(-1.0) * MaxInnerProduct(column, self._vector)

    def _scan_is_long(self) -> bool:
        """Return whether an exact scan would read many vectors, which depends on the query's filters."""
        indexed = self._query.filtered_by(INDEXED)
        return not indexed or estimate_rows(filter_vectors(self._owner_id, indexed, self._model)) > EXACT_ROWS


def estimate_rows(rows: QuerySet[Any]) -> float:
    """Return how many rows PostgreSQL expects, from its statistics. This takes less than 1 ms."""
    [plan] = json.loads(rows.order_by().explain(format="json"))
    return cast(float, plan["Plan"]["Plan Rows"])
