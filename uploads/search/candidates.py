"""The pictures that may answer a query: those with the nearest vectors and those whose text contains its words.

Every statement reads a limited number of rows, however large the library is. See docs/search.md for what is left out.
"""

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import and_

from django.contrib.postgres.search import CombinedSearchQuery
from django.db import transaction
from django.db.models import Case, F, FloatField, QuerySet, Value, When

from uploads.analysis.base import QueryEncoder
from uploads.models import Upload
from uploads.search.filters import AnyOf, filter_pictures, filter_vectors
from uploads.search.language import Query, Term
from uploads.search.nearest import Vector, apply_scan_settings, estimate_rows, exact, nearest
from uploads.search.ranking import LEAST_FIT, Candidate
from uploads.search.words import OwnerWord, text_query

MAX_CANDIDATES = 500
"""Pictures taken from each side, vectors and words."""

MAX_UNCHECKED = 1000
"""Pictures read from a side if some of them may not count, because of their words or a filter."""

MAX_MATCHES = 20_000
"""Words that PostgreSQL expects in more pictures are not searched, but only compared with those of near pictures."""

MAX_SINGLE_WORDS = 8

Words = Sequence[CombinedSearchQuery]


def find_candidates(owner_id: int, query: Query, encoder: QueryEncoder | None) -> list[Candidate]:
    """Return the candidates of all alternatives of `query`. Without an encoder, only words are compared."""
    with transaction.atomic():
        apply_scan_settings()
        return [found for terms in query.alternatives for found in _alternative(owner_id, query, terms, encoder)]


def _alternative(owner_id: int, query: Query, terms: tuple[Term, ...], encoder: QueryEncoder | None) -> list[Candidate]:
    words, quotes = _text_queries(terms), _text_queries(term for term in terms if term.quoted)
    pictures = filter_pictures(owner_id, query)
    if quotes:
        pictures = containing(pictures, owner_id, quotes)
    if encoder is None:
        # All words are then required. They are not searched before the filters, so that no limit hides a hit.
        newest = containing(pictures, owner_id, words).order_by((F("id") + 0).desc())
        return _with_shares(pictures, _ids(newest, MAX_CANDIDATES) if words else [], words, {})
    vector = encoder.embed_query(" ".join(term.text for term in terms))
    cosines = _nearest(pictures, owner_id, query, encoder.model, vector, quotes)
    checked = bool(query.filters or query.excluded or quotes)
    others = with_words(owner_id, words, MAX_UNCHECKED if checked else MAX_CANDIDATES) - cosines.keys()
    vectors = filter_vectors(owner_id, query, encoder.model).filter(AnyOf("upload_id", others))
    cosines |= exact(vectors, vector, len(others))
    return _with_shares(pictures, cosines.keys() | others, words, cosines)


def _nearest(
    pictures: QuerySet[Upload], owner_id: int, query: Query, model: str, vector: Vector, quotes: Words
) -> dict[int, float]:
    """Return the cosines of the nearest vectors of `pictures`, of whose words `quotes` and exclusions are conditions.

    Rare quotes are searched first. Otherwise, first only the nearest vectors are read, and the words of their pictures.
    That is enough if they fill the result, or if all that can be hits by their look are among them.
    """
    if not quotes and not query.excluded:
        return nearest(owner_id, query, model, vector, MAX_CANDIDATES)
    vectors = filter_vectors(owner_id, query, model)
    if quotes and not _is_common(pictures) and len(few := _ids(pictures, MAX_UNCHECKED)) < MAX_UNCHECKED:
        return exact(vectors.filter(AnyOf("upload_id", few)), vector, MAX_CANDIDATES)
    near = nearest(owner_id, query, model, vector, MAX_UNCHECKED)
    kept = set(_ids(pictures.filter(AnyOf("id", near)), MAX_UNCHECKED))
    found = {id: cosine for id, cosine in near.items() if id in kept}
    complete = len(near) < MAX_UNCHECKED or (found and min(near.values()) < LEAST_FIT)
    if complete or len(found) >= MAX_CANDIDATES:
        return dict(list(found.items())[:MAX_CANDIDATES])
    return exact(vectors.filter(upload__in=pictures), vector, MAX_CANDIDATES)


def with_words(owner_id: int, words: Words, limit: int) -> set[int]:
    """Return the ids of `limit` of the owner's pictures with all words, and of those that contain one of them.

    Words that too many pictures contain are left out, because they say little.
    """
    every = containing(Upload.objects.all(), owner_id, words)
    if not words or _is_common(every):
        return set()
    found = set(_ids(every, limit))
    if len(words) > 1 and len(found) < limit:
        for word in words[:MAX_SINGLE_WORDS]:
            one = containing(Upload.objects.all(), owner_id, [word])
            some = [] if _is_common(one) else _ids(one, limit)
            found.update(some if len(some) < limit else ())
    return found


def containing(pictures: QuerySet[Upload], owner_id: int, words: Words) -> QuerySet[Upload]:
    """Return those of the pictures that belong to the owner and contain all words, by one search of the index."""
    return pictures.filter(words=reduce(and_, words, OwnerWord(owner_id)))


def _is_common(pictures: QuerySet[Upload]) -> bool:
    """Return whether so many pictures match that even finding them in the index takes long."""
    return estimate_rows(pictures) > MAX_MATCHES


def _with_shares(
    pictures: QuerySet[Upload], ids: Iterable[int], words: Words, cosines: dict[int, float]
) -> list[Candidate]:
    """Return candidates for those of the ids that belong to `pictures`."""
    ones = (Case(When(words=one, then=1.0), default=0.0, output_field=FloatField()) for one in words)
    share = sum(ones, Value(0.0)) / Value(float(max(1, len(words))))
    rows = pictures.filter(AnyOf("id", ids)).annotate(share=share).values_list("id", "share")
    return [Candidate(id, cosines.get(id, 0.0), share) for id, share in rows]


def _ids(pictures: QuerySet[Upload], limit: int) -> list[int]:
    return list(pictures.values_list("id", flat=True)[:limit])


def _text_queries(terms: Iterable[Term]) -> list[CombinedSearchQuery]:
    return [found for term in terms if (found := text_query(term)) is not None]
