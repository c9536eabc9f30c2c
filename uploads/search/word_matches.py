"""Find the pictures whose text contains the words of a query."""

from collections.abc import Sequence
from functools import reduce
from operator import and_
from typing import NamedTuple

from django.contrib.postgres.search import SearchQueryCombinable
from django.db.models import F, QuerySet

from uploads.database import read_ids
from uploads.models import Upload, all_library_pictures
from uploads.search.estimates import estimate_rows
from uploads.search.filters import filter_pictures, narrow, timeline_conditions
from uploads.search.query import Filter, Query
from uploads.search.words import OwnerWord

MAX_WITH_ALL = 500
"""The maximum number of pictures that contain all words."""

MAX_WITH_SOME = 200
"""If this many pictures contain a word of the query, pictures that contain only this word are not searched for."""

MAX_MATCHES = 40_000
"""The number of pictures with a word, estimated by PostgreSQL, above which checking filters on all of them is slow.

In large libraries, such a word is only searched for without filters, or with those that have an index (dates and
videos). Otherwise, it only affects the ranking. The estimate is about twice the true number, because the condition
names most words twice: stemmed and not stemmed. It is based on how often the pictures of all owners contain the word.
"""

MAX_MATCHES_OF_SOME = 600
"""Replaces MAX_MATCHES in searches for pictures that contain only some of the words."""

MAX_SINGLE_WORDS = 8
ENOUGH = 60
"""If this many pictures contain all words, pictures that contain only some of them are not searched for."""

Words = Sequence[SearchQueryCombinable]


class WordMatches(NamedTuple):
    """The ids of pictures that contain all words, and of others that contain some of them.

    If `more`, there are more pictures that contain all words.
    """

    complete: set[int]
    partial: set[int]
    more: bool


class OwnerWords:
    """The texts of those pictures of an owner that meet a query's filters and exclusions.

    `many` means that the owner has many pictures: very common words are then not always searched for, because that
    would take too long. `most` means that the owner has most of the pictures of all owners.
    """

    def __init__(self, owner_id: int, query: Query, *, many: bool, most: bool) -> None:
        self._owner_id, self._query, self._many = owner_id, query, many
        self._names_owner = not most or any(map(_has_index, query.filters))
        if self._names_owner:
            self._pictures = filter_pictures(owner_id, query).filter(timeline_conditions(query))
        else:
            # The addition keeps PostgreSQL from reading all pictures of the owner instead of the index of words.
            pictures = all_library_pictures().alias(id_of_owner=F("owner_id") + 0).filter(id_of_owner=owner_id)
            self._pictures = narrow(pictures, owner_id, query)

    def find(self, words: Words) -> WordMatches:
        """Return up to MAX_WITH_ALL pictures that contain all words.

        If there are fewer than ENOUGH, add those that contain any of the first MAX_SINGLE_WORDS words. In this step, a
        word that at least MAX_WITH_SOME pictures contain adds no pictures, because it is too common.
        """
        if not words:
            return WordMatches(set(), set(), more=False)
        if len(words) == 1 and self._checks_pictures() and self._is_common(words[0], MAX_MATCHES):
            return WordMatches(set(), set(), more=True)
        found = read_ids(self.matching(words), MAX_WITH_ALL + 1)
        complete = set(found[:MAX_WITH_ALL])
        some = self._with_one(words) if len(words) > 1 and len(complete) < ENOUGH else set()
        return WordMatches(complete, some - complete, more=len(found) > MAX_WITH_ALL)

    def matching(self, words: Words) -> QuerySet[Upload]:
        """Return the pictures that contain all words.

        If the owner has most of all pictures, reading the index entries of the owner takes longer than reading and
        discarding the other owners' pictures, unless another index limits the pictures to some dates or to videos.
        """
        if self._names_owner:
            return containing(self._pictures, self._owner_id, words)
        return self._pictures.filter(words=reduce(and_, words))

    def _with_one(self, words: Words) -> set[int]:
        rare = (word for word in words[:MAX_SINGLE_WORDS] if not self._is_common(word, MAX_MATCHES_OF_SOME))
        found = (read_ids(self.matching([word]), MAX_WITH_SOME) for word in rare)
        return {id for ids in found if len(ids) < MAX_WITH_SOME for id in ids}

    def _checks_pictures(self) -> bool:
        """Return whether the query has conditions that no index combines with the words."""
        return bool(self._query.excluded) or not all(map(_has_index, self._query.filters))

    def _is_common(self, word: SearchQueryCombinable, limit: int) -> bool:
        """Return whether more than `limit` pictures of an owner with many probably contain the word."""
        return self._many and estimate_rows(Upload.objects.filter(owner_id=self._owner_id, words=word)) > limit


def _has_index(one: Filter) -> bool:
    """Return whether PostgreSQL can combine an index for this filter with that of the words."""
    return not one.negated and (one.name == "taken" or (one.name, one.value) == ("type", "video"))


def containing(pictures: QuerySet[Upload], owner_id: int, words: Words) -> QuerySet[Upload]:
    """Limit `pictures` to those that belong to the owner and contain all words. This takes a single index scan."""
    return pictures.filter(words=reduce(and_, words, OwnerWord(owner_id)))
