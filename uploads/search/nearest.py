"""Find the vectors nearest to a query's vector, with an exact scan or an approximate index."""

from collections.abc import Collection
from math import isqrt
from typing import Any

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Cast
from pgvector.django import HalfVectorField, MaxInnerProduct

from uploads.database import fetch_rows, read_rows
from uploads.search.estimates import estimate_vectors
from uploads.search.filters import INDEXED, AnyOf, filter_vectors
from uploads.search.query import Query
from uploads.search.vector_index import index_size

Vector = tuple[float, ...]

INDEX_COST = 12
"""Finding a vector with the index takes about as long as comparing this number of vectors in an exact scan."""


# The addition keeps PostgreSQL from reading all vectors of the owner.
COSINES = """
SELECT upload_id, -(vector <#> %(vector)s::halfvec) FROM uploads_embedding
 WHERE upload_id = ANY(%(ids)s) AND model = %(model)s AND owner_id + 0 = %(owner)s
"""


class OwnerVectors:
    """The vectors that one model computed for those pictures of an owner that match a query's filters.

    The vectors are compared with `vector`. If it is not a unit vector, “cosine” here means the cosine times the length
    of `vector`. Dictionaries of cosines are keyed by upload id, with the highest first. Use this class in a
    search_transaction().
    """

    def __init__(self, owner_id: int, query: Query, model: str, vector: Vector) -> None:
        self._owner_id, self._query, self._model = owner_id, query, model
        # Pass the vector as text, because Django compares the lists in expressions number by number. Six digits are
        # enough, because vectors are stored in half precision.
        numbers = ",".join([f"{number:.6g}" for number in vector])
        self._vector, self._dimensions = Value(f"[{numbers}]"), len(vector)
        self.rows = filter_vectors(owner_id, query, model)
        self._index = index_size(owner_id, model)

    @property
    def indexed(self) -> bool:
        """Whether there is an index on the owner's vectors."""
        return self._index.rows > 0

    @property
    def owner_has_most(self) -> bool:
        """Whether the owner has more than half of the pictures of all owners. Without an index, False."""
        return self._index.share > 0.5

    def nearest(self, limit: int) -> dict[int, float]:
        """Return the cosines of the `limit` nearest vectors, found by the index or, if that is faster, an exact scan.

        If the index finds too few, because the filters exclude most of the nearest pictures, all vectors are compared.
        """
        if self.indexed and self._scan_is_long(limit) and len(found := self.approximate(limit)) == limit:
            return found
        return self.exact(Q(), limit)

    def exact(self, condition: Q | AnyOf, limit: int) -> dict[int, float]:
        """Compare all vectors that also match `condition`. Return the cosines of the `limit` nearest."""
        return dict(read_rows(self.by_scan().filter(condition).values_list("upload_id", "cosine")[:limit]))

    def approximate(self, limit: int) -> dict[int, float]:
        """Scan the index; return the cosines found, perhaps fewer than `limit` even if there are more vectors."""
        ordered = read_rows(self.by_index().values_list("upload_id", "distance")[:limit])
        return {id: -distance for id, distance in sorted(ordered, key=lambda row: (row[1], -row[0]))}

    def by_scan(self) -> QuerySet[Any, Any]:
        """Return all rows, the highest `cosine` first."""
        return self.rows.annotate(cosine=Value(-1.0) * MaxInnerProduct("vector", self._vector)).order_by(
            "-cosine", "-upload_id"
        )

    def by_index(self) -> QuerySet[Any, Any]:
        """Return rows in approximate order of `distance`, the expression that is indexed."""
        indexed = Cast("vector", HalfVectorField(dimensions=self._dimensions))
        return self.rows.annotate(distance=MaxInnerProduct(indexed, self._vector)).order_by("distance")

    def cosines(self, ids: Collection[int]) -> dict[int, float]:
        """Return the cosines of those pictures that have a vector, even if the filters exclude them."""
        if not ids:
            return {}
        parameters = {"vector": self._vector.value, "ids": list(ids), "model": self._model, "owner": self._owner_id}
        return dict(fetch_rows(COSINES, parameters))

    def _scan_is_long(self, limit: int) -> bool:
        """Return whether an exact scan would probably take longer than a scan of the index."""
        if not self._query.filtered_by(INDEXED):
            return True
        matching = estimate_vectors(self._owner_id, self._query, self._model)
        return matching > max_exact_rows(self._index.rows, limit)


def max_exact_rows(indexed: float, limit: int) -> int:
    """Return how many vectors can match before an exact scan takes longer than finding `limit` of them by index.

    If `matching` of the `indexed` vectors match the query's filters, an exact scan reads `matching` vectors. The index
    also finds the others, so it reads `limit * indexed / matching`.
    """
    return isqrt(int(INDEX_COST * limit * indexed))
