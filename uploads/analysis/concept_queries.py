"""Encode search queries for comparison with the local analyzer's vectors, without loading the analyzer itself."""

from functools import lru_cache

from uploads.analysis.base import QueryVector
from uploads.analysis.concept_vector import MODEL
from uploads.analysis.text_encoder import TextEncoder

_CACHED_QUERIES = 500


class ConceptQueries:
    """A QueryEncoder. Recent queries are cached, because every page of results encodes its query again."""

    model = MODEL
    # Calibrated on queries whose matching pictures are known: about 15 % of queries with a match find nothing, and
    # about 15 % of queries without a match find something.
    hit_fit = 0.44

    def __init__(self) -> None:
        self._encoder = TextEncoder()
        self.embed_query = lru_cache(_CACHED_QUERIES)(self._embed)

    def _embed(self, text: str) -> QueryVector:
        return QueryVector(MODEL, self._encoder.encode(text))
