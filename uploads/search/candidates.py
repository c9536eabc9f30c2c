"""Find the pictures that may match a query: those with the nearest vectors and those whose text contains its words.

Most statements read a limited number of rows, even in large libraries, and may miss pictures; see docs/search.md.
"""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from django.contrib.postgres.search import SearchQueryCombinable
from django.db.models import F, Func, IntegerField, Q, QuerySet, Value

from uploads.analysis.base import QueryEncoder, QueryVector
from uploads.database import read_ids, read_rows
from uploads.models import Upload
from uploads.search.estimates import estimate_rows
from uploads.search.filters import ONLY_UPLOADS, AnyOf, filter_pictures
from uploads.search.nearest import OwnerVectors
from uploads.search.query import Query, Term
from uploads.search.ranking import Candidate, Found, least_fit
from uploads.search.transaction import search_transaction
from uploads.search.word_matches import MAX_MATCHES, MAX_WITH_ALL, OwnerWords, WordMatches, Words, containing
from uploads.search.words import text_query

MAX_CANDIDATES = 200
"""The maximum number of pictures found by vector."""

MAX_UNCHECKED = 600
"""Replaces MAX_CANDIDATES if words may exclude some of the pictures."""

LIKELY_ENOUGH = 300
"""If words are excluded or quoted, this number of nearest vectors is usually enough for MAX_CANDIDATES pictures.

The index finds up to `hnsw.ef_search` vectors in one step; finding MAX_UNCHECKED would take several times as long.
"""


def find_candidates(owner_id: int, query: Query, encoder: QueryEncoder | None) -> list[Found]:
    """Return the candidates for each alternative in `query`. Without an encoder, only words are compared.

    Raises the errors of the encoder, and SearchTooSlow.
    """
    # An encoder may wait for a server, so it runs before the transaction begins.
    texts = [" ".join(term.wording for term in terms) for terms in query.alternatives]
    vectors = [encoder.embed_query(text) if encoder else None for text in texts]
    least = least_fit(encoder.hit_fit) if encoder else 0.0
    with search_transaction():
        pairs = zip(query.alternatives, vectors, strict=True)
        return [_alternative(owner_id, query, terms, vector, least) for terms, vector in pairs]


def _alternative(
    owner_id: int, query: Query, terms: tuple[Term, ...], vector: QueryVector | None, least: float
) -> Found:
    words, quotes = _text_queries(terms), _text_queries(term for term in terms if term.quoted)
    pictures = filter_pictures(owner_id, query)
    few = _few_pictures(owner_id, query)
    if few is not None:
        pictures = pictures.filter(AnyOf("id", few))
    if quotes:
        pictures = containing(pictures, owner_id, quotes)
    if few == []:
        return Found([])
    if vector is None:
        return _with_all_words(containing(pictures, owner_id, words)) if words else Found([])
    vectors = OwnerVectors(owner_id, query, vector.model, vector.numbers)
    if few is not None:
        return Found(_compare(pictures, words, vectors, {}, WordMatches(set(), set(few), more=False)))
    nearest = _nearest(pictures, vectors, quotes, least, checked=bool(quotes or query.excluded))
    near = dict(islice(nearest.items(), MAX_CANDIDATES))
    texts = OwnerWords(owner_id, query, many=vectors.indexed, most=vectors.owner_has_most)
    matches = texts.find(words)
    candidates = _compare(pictures, words, vectors, near, matches)
    return Found(candidates, frozenset(near if len(nearest) > MAX_CANDIDATES else ()), matches.more)


def _with_all_words(pictures: QuerySet[Upload]) -> Found:
    # One query checks both words and filters: if the limit applied to only one of them, hits could be missed.
    found = read_ids(pictures.order_by((F("id") + 0).desc()), MAX_WITH_ALL + 1)
    return Found([Candidate(id, 0.0, 1.0) for id in found[:MAX_WITH_ALL]], more_words=len(found) > MAX_WITH_ALL)


def _few_pictures(owner_id: int, query: Query) -> list[int] | None:
    """Return the ids of the pictures that meet the filters, if there are few.

    Return None if there are many, or if the table of vectors has a column for each filter.

    Without this list, a filter on other columns would be checked picture by picture during the vector search.
    """
    if not query.filtered_by(ONLY_UPLOADS):
        return None
    few = read_ids(filter_pictures(owner_id, Query(filters=query.filters)), MAX_UNCHECKED)
    return few if len(few) < MAX_UNCHECKED else None


def _nearest(
    pictures: QuerySet[Upload], vectors: OwnerVectors, quotes: Words, least: float, *, checked: bool
) -> dict[int, float]:
    """Return the cosines of the nearest vectors of `pictures`, keyed by picture id: MAX_CANDIDATES, and the next one.

    A picture whose cosine is below `least` cannot be a hit by appearance alone. `quotes` are conditions for quoted
    text. `checked` means that `pictures` is also filtered by words, which the table of vectors does not contain.

    If the quoted text is rare, it is searched for first. Otherwise, the nearest vectors are read first, and their
    pictures are checked; if too few remain, more are read. The vectors of all `pictures` are compared only if none
    remain even then, or if too few remain and others could be hits by appearance.
    """
    if not checked:
        return vectors.nearest(MAX_CANDIDATES + 1)
    if (
        quotes
        and estimate_rows(pictures) <= MAX_MATCHES
        and len(few := read_ids(pictures, MAX_UNCHECKED)) < MAX_UNCHECKED
    ):
        return vectors.exact(AnyOf("upload_id", few), MAX_CANDIDATES + 1)
    for limit in (LIKELY_ENOUGH, MAX_UNCHECKED):
        near = vectors.nearest(limit)
        kept = set(read_ids(pictures.filter(AnyOf("id", near)), limit))
        found = {id: cosine for id, cosine in near.items() if id in kept}
        complete = len(near) < limit or (found and min(near.values()) < least)
        if complete or len(found) > MAX_CANDIDATES:
            return found
    return vectors.exact(Q(upload__in=pictures), MAX_CANDIDATES + 1)


def _compare(
    pictures: QuerySet[Upload], words: Words, vectors: OwnerVectors, near: Mapping[int, float], matches: WordMatches
) -> list[Candidate]:
    """Return a candidate for each of the nearest pictures and the word matches, unless `pictures` exclude it."""
    others = (matches.complete | matches.partial) - near.keys()
    cosines = {**near, **vectors.cosines(others)}
    read = pictures.filter(AnyOf("id", (near.keys() | matches.partial) - matches.complete))
    found = [
        *read_rows(counting(read, words).values_list("id", "found")),
        *((id, len(words)) for id in matches.complete),
    ]
    most = max(1, len(words))
    return [Candidate(id, cosines.get(id, 0.0), count / most) for id, count in found]


def counting(pictures: QuerySet[Upload], words: Words) -> QuerySet[Any, Any]:
    """Annotate pictures with the number of words that their text contains, as `found`."""
    found = (
        Func(F("words"), one, arg_joiner=" @@ ", template="(%(expressions)s)::int", output_field=IntegerField())
        for one in words
    )
    return pictures.annotate(found=sum(found, Value(0)))


def _text_queries(terms: Iterable[Term]) -> list[SearchQueryCombinable]:
    return [found for term in terms if (found := text_query(term)) is not None]
