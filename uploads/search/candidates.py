"""Find the pictures that may match a query: those with the nearest vectors and those whose text contains its words.

Most statements read a limited number of rows, even in large libraries, and may miss pictures; see docs/search.md.
"""

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import and_

from django.contrib.postgres.search import SearchQueryCombinable
from django.db import connection
from django.db.models import F, Func, IntegerField, Q, QuerySet, Value

from uploads.analysis.base import QueryEncoder, QueryVector
from uploads.models import Upload
from uploads.search.estimates import estimate_rows
from uploads.search.filters import ONLY_UPLOADS, AnyOf, filter_pictures
from uploads.search.nearest import OwnerVectors
from uploads.search.query import Query, Term
from uploads.search.ranking import Candidate, least_fit
from uploads.search.transaction import search_transaction
from uploads.search.words import OwnerWord, text_query

MAX_CANDIDATES = 200
"""The maximum number of pictures found by vector, and by each query for words."""

MAX_UNCHECKED = 600
"""Replaces MAX_CANDIDATES if words or filters may exclude some of the pictures."""

LIKELY_ENOUGH = 300
"""If words are excluded or quoted, this number of nearest vectors is usually enough for MAX_CANDIDATES pictures.

The index finds up to `hnsw.ef_search` vectors in one step; finding MAX_UNCHECKED would take several times as long.
"""

MAX_MATCHES = 20_000
"""The number of pictures with a word, estimated by PostgreSQL, above which searching for the word is slow.

In large libraries, such a word is not searched for, and only affects the ranking.
"""

MAX_SINGLE_WORDS = 8
ENOUGH = 60
"""If this many pictures contain all words, pictures that contain only some of them are not searched for."""

Words = Sequence[SearchQueryCombinable]


def find_candidates(owner_id: int, query: Query, encoder: QueryEncoder | None) -> list[Candidate]:
    """Return the candidates for all alternatives in `query`. Without an encoder, only words are compared.

    Raises the errors of the encoder, and SearchTooSlow.
    """
    # An encoder may wait for a server, so it runs before the transaction begins.
    texts = [" ".join(term.wording for term in terms) for terms in query.alternatives]
    vectors = [encoder.embed_query(text) if encoder else None for text in texts]
    least = least_fit(encoder.hit_fit) if encoder else 0.0
    with search_transaction():
        pairs = zip(query.alternatives, vectors, strict=True)
        return [found for terms, vector in pairs for found in _alternative(owner_id, query, terms, vector, least)]


def _alternative(
    owner_id: int, query: Query, terms: tuple[Term, ...], vector: QueryVector | None, least: float
) -> list[Candidate]:
    words, quotes = _text_queries(terms), _text_queries(term for term in terms if term.quoted)
    pictures = filter_pictures(owner_id, query)
    few = _few_pictures(owner_id, query)
    if few == []:
        return []
    if few is not None:
        pictures = pictures.filter(AnyOf("id", few))
    if quotes:
        pictures = containing(pictures, owner_id, quotes)
    if vector is None:
        # Without an encoder, all words are required. One query checks both words and filters: if the limit applied to
        # only one of them, hits could be missed.
        newest = containing(pictures, owner_id, words).order_by((F("id") + 0).desc())
        return [Candidate(id, 0.0, 1.0) for id in (_ids(newest, MAX_CANDIDATES) if words else [])]
    vectors = OwnerVectors(owner_id, query, vector.model, vector.numbers)
    if few is None:
        near = _nearest(pictures, vectors, quotes, least, checked=bool(quotes or query.excluded))
    else:
        near = vectors.exact(AnyOf("upload_id", _ids(pictures, MAX_UNCHECKED)), MAX_CANDIDATES)
    unchecked = bool(query.filters or query.excluded or quotes)
    limit = MAX_UNCHECKED if unchecked else MAX_CANDIDATES
    with_some = with_words(owner_id, words, limit, many=vectors.indexed, most=vectors.owner_has_most)
    return _compare(pictures.filter(AnyOf("id", near.keys() | with_some)), words, vectors)


def _few_pictures(owner_id: int, query: Query) -> list[int] | None:
    """Return the ids of the pictures that meet the filters, if there are few.

    Return None if there are many, or if the table of vectors has a column for each filter.

    Without this list, a filter on other columns would be checked picture by picture during the vector search.
    """
    if not query.filtered_by(ONLY_UPLOADS):
        return None
    few = _ids(filter_pictures(owner_id, Query(filters=query.filters)), MAX_UNCHECKED)
    return few if len(few) < MAX_UNCHECKED else None


def _nearest(
    pictures: QuerySet[Upload], vectors: OwnerVectors, quotes: Words, least: float, *, checked: bool
) -> dict[int, float]:
    """Return the cosines of the nearest vectors of `pictures`, keyed by picture id.

    A picture whose cosine is below `least` cannot be a hit by appearance alone. `quotes` are conditions for quoted
    text. `checked` means that `pictures` is also filtered by words, which the table of vectors does not contain.

    If the quoted text is rare, it is searched for first. Otherwise, the nearest vectors are read first, and their
    pictures are checked; if too few remain, more are read. The vectors of all `pictures` are compared only if none
    remain even then, or if too few remain and others could be hits by appearance.
    """
    if not checked:
        return vectors.nearest(MAX_CANDIDATES)
    if quotes and not _is_common(pictures) and len(few := _ids(pictures, MAX_UNCHECKED)) < MAX_UNCHECKED:
        return vectors.exact(AnyOf("upload_id", few), MAX_CANDIDATES)
    for limit in (LIKELY_ENOUGH, MAX_UNCHECKED):
        near = vectors.nearest(limit)
        kept = set(_ids(pictures.filter(AnyOf("id", near)), limit))
        found = {id: cosine for id, cosine in near.items() if id in kept}
        complete = len(near) < limit or (found and min(near.values()) < least)
        if complete or len(found) >= MAX_CANDIDATES:
            return dict(list(found.items())[:MAX_CANDIDATES])
    return vectors.exact(Q(upload__in=pictures), MAX_CANDIDATES)


def with_words(owner_id: int, words: Words, limit: int, *, many: bool, most: bool) -> set[int]:
    """Return the ids of up to `limit` of the owner's pictures that contain all words.

    If there are fewer than ENOUGH such pictures, add those that contain any of the first MAX_SINGLE_WORDS words. In
    this step, a word that at least `limit` pictures contain adds no pictures, because it is too common. `many`
    means that the owner has many pictures: very common words are then not searched for, because that would take too
    long. `most` means that the owner has most of the pictures of all owners.
    """
    if not words:
        return set()
    if len(words) == 1:
        one = owned_with(owner_id, words, most=most)
        return set() if many and _is_common(one) else set(_ids(one, limit))
    found = set(_ids(owned_with(owner_id, words, most=most), limit))
    if len(found) < ENOUGH:
        for word in words[:MAX_SINGLE_WORDS]:
            one = owned_with(owner_id, [word], most=most)
            some = [] if many and _is_common(one) else _ids(one, limit)
            found.update(some if len(some) < limit else ())
    return found


def containing(pictures: QuerySet[Upload], owner_id: int, words: Words) -> QuerySet[Upload]:
    """Limit `pictures` to those that belong to the owner and contain all words. This takes a single index scan."""
    return pictures.filter(words=reduce(and_, words, OwnerWord(owner_id)))


def owned_with(owner_id: int, words: Words, *, most: bool) -> QuerySet[Upload]:
    """Return the owner's pictures that contain all words.

    If the owner has most of all pictures, reading the index entries of the owner takes longer than reading and
    discarding the other owners' pictures.
    """
    pictures = Upload.objects.filter(trashed_at=None)
    if not most:
        return containing(pictures, owner_id, words)
    # The addition keeps PostgreSQL from reading all pictures of the owner instead of the index of words.
    return pictures.alias(id_of_owner=F("owner_id") + 0).filter(id_of_owner=owner_id, words=reduce(and_, words))


def _is_common(pictures: QuerySet[Upload]) -> bool:
    """Return whether so many pictures match that even an index scan would be slow."""
    return estimate_rows(pictures) > MAX_MATCHES


def _compare(pictures: QuerySet[Upload], words: Words, vectors: OwnerVectors) -> list[Candidate]:
    """Return a candidate for each picture, with the share of the words that its text contains."""
    found = (
        Func(F("words"), one, arg_joiner=" @@ ", template="(%(expressions)s)::int", output_field=IntegerField())
        for one in words
    )
    rows = vectors.join(pictures).annotate(found=sum(found, Value(0))).values_list("id", "cosine", "found")
    most = max(1, len(words))
    with connection.cursor() as cursor:
        # Read the rows without Django's conversion of each number, which would take longer than the statement.
        cursor.execute(*rows.query.sql_with_params())
        return [Candidate(id, cosine or 0.0, found / most) for id, cosine, found in cursor.fetchall()]


def _ids(pictures: QuerySet[Upload], limit: int) -> list[int]:
    return list(pictures.values_list("id", flat=True)[:limit])


def _text_queries(terms: Iterable[Term]) -> list[SearchQueryCombinable]:
    return [found for term in terms if (found := text_query(term)) is not None]
