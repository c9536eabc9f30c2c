"""The pictures that may answer a query: those with the nearest vectors and those whose text contains its words.

All vectors of the owner that pass the filters are compared, so filters never empty a result, and no result is missed.
"""

from functools import reduce
from operator import or_
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db.models import Case, FloatField, QuerySet, Value, When
from pgvector.django import MaxInnerProduct

from uploads.analysis.base import QueryEncoder
from uploads.models import Embedding, Upload
from uploads.search.filters import filter_pictures
from uploads.search.language import Query, Term
from uploads.search.ranking import LEAST_FIT, Candidate
from uploads.search.words import text_query

MAX_CANDIDATES = 500
"""Pictures taken from each side, vectors and words."""

PREFILTERED = 5000


def find_candidates(owner_id: int, query: Query, encoder: QueryEncoder | None) -> list[Candidate]:
    """Return the candidates of all alternatives of `query`. Without an encoder, only words are compared."""
    return [
        candidate
        for terms in query.alternatives
        for candidate in _alternative(owner_id, Query((terms,), query.excluded, query.filters), encoder)
    ]


def nearest(owner_id: int, query: Query, model: str, vector: tuple[float, ...]) -> dict[int, float]:
    """Return the cosines of the nearest pictures that meet the filters and contain the quotes.

    The filters read wide rows, so they are first applied to the nearest pictures only. That is the exact result if all
    pictures that can be hits by their look are among those. Otherwise the filters are applied to all pictures.
    """
    rows = compared(owner_id, model, vector).order_by("-cosine", "-upload_id").values_list("upload_id", "cosine")
    filtered = bool(query.filters or query.excluded or _quoted(query.alternatives[0]))
    limit = PREFILTERED if filtered else MAX_CANDIDATES
    near = {id: cosine for id, cosine in rows[:limit] if cosine >= LEAST_FIT or not filtered}
    matches = set(matching(owner_id, query).filter(id__in=near).values_list("id", flat=True))
    found = [entry for entry in near.items() if entry[0] in matches][:MAX_CANDIDATES]
    if not filtered or (found and (len(near) < limit or len(found) == MAX_CANDIDATES)):
        return dict(found)
    return dict(rows.filter(upload__in=matching(owner_id, query))[:MAX_CANDIDATES])


def compared(owner_id: int, model: str, vector: tuple[float, ...]) -> QuerySet[Any, Any]:
    """Return all the owner's embeddings of `model`, each with its `cosine` to a vector of unit length."""
    cosine = Value(-1.0) * MaxInnerProduct("vector", list(vector))
    return Embedding.objects.filter(owner_id=owner_id, model=model).annotate(cosine=cosine)


def matching(owner_id: int, query: Query) -> QuerySet[Upload]:
    """Return the pictures that meet the filters and contain what is quoted in the only alternative of `query`."""
    pictures = filter_pictures(owner_id, query)
    for quoted in _quoted(query.alternatives[0]):
        pictures = pictures.filter(words=quoted)
    return pictures


def with_words(pictures: QuerySet[Upload], searched: list[SearchQuery]) -> QuerySet[Any, Any]:
    """Return the pictures that contain one of the words, each with `share`, the share of the words it contains."""
    if len(searched) == 1:
        # Without a computed order, the newest of many matches are read by the owner's index, without sorting all.
        return pictures.filter(words=searched[0]).annotate(share=Value(1.0)).order_by("-id")
    found = (Case(When(words=one, then=1.0), default=0.0, output_field=FloatField()) for one in searched)
    share = sum(found, Value(0.0)) / Value(float(len(searched)))
    return pictures.filter(words=reduce(or_, searched)).annotate(share=share).order_by("-share", "-id")


def _alternative(owner_id: int, query: Query, encoder: QueryEncoder | None) -> list[Candidate]:
    [terms] = query.alternatives
    searched = [found for term in terms if (found := text_query(term)) is not None]
    pictures = matching(owner_id, query)
    worded = with_words(pictures, searched) if searched else Upload.objects.none().annotate(share=Value(0.0))
    words = dict(worded.values_list("id", "share")[:MAX_CANDIDATES])
    cosines: dict[int, float] = {}
    if encoder is not None:
        vector = encoder.embed_query(" ".join(term.text for term in terms))
        cosines = nearest(owner_id, query, encoder.model, vector)
        others = compared(owner_id, encoder.model, vector).filter(upload_id__in=words.keys() - cosines.keys())
        cosines |= dict(others.values_list("upload_id", "cosine"))
    if len(words) == MAX_CANDIDATES:
        words |= dict(worded.filter(id__in=cosines.keys() - words.keys()).values_list("id", "share"))
    return [Candidate(id, cosines.get(id, 0.0), words.get(id, 0.0)) for id in cosines.keys() | words.keys()]


def _quoted(terms: tuple[Term, ...]) -> list[SearchQuery]:
    return [found for term in terms if term.quoted and (found := text_query(term)) is not None]
