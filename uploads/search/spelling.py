"""Correct mistyped words in a query, using words from the owner's labels, places, cameras and keywords."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from uploads.analysis.model_files import read_weights
from uploads.models import Upload
from uploads.search.german import german_words
from uploads.search.query import Query, Term
from uploads.search.transaction import search_transaction
from uploads.search.vocabulary import own_words
from uploads.search.word_matches import containing
from uploads.search.words import text_query
from uploads.text import fold

MAX_CHECKED = 8
"""The maximum number of unknown words in a query that are compared with the vocabulary."""

_SHORTEST = 4
_LONG = 8


def correct_query(owner_id: int, query: Query, *, german: bool) -> Query:
    """Return the query with corrected words, or the same query if no word looks mistyped.

    A word is considered mistyped if neither a dictionary nor the text of any of the owner's pictures contains it, and
    if it differs from a word in the owner's vocabulary by one letter, or by two if it is long. If `german`, German
    words whose translation is in the vocabulary count too. Short words, quoted text and excluded words are never
    changed. Raises SearchTooSlow.
    """
    unknown = [term for terms in query.alternatives for term in terms if _is_unknown(term, german=german)]
    checked = list(dict.fromkeys(unknown))[:MAX_CHECKED]
    doubtful = _in_no_picture(owner_id, checked) if checked else []
    if not doubtful:
        return query
    known = own_words(owner_id)
    if german:
        known |= {word for word, english in german_words().items() if set(english.split()) & known}
    folded = {fold(word): word for word in sorted(known)}
    nearest = nearest_words([fold(term.text.lower()) for term in doubtful], folded)
    return _replaced(
        query, {term: replace(term, text=folded[word]) for term, word in zip(doubtful, nearest, strict=True) if word}
    )


def nearest_words(words: Sequence[str], known: Iterable[str]) -> list[str | None]:
    """Return the most similar known word for each of `words`, or None if none is similar enough.

    All words must be in lower case. If several are equally similar, the alphabetically first is returned.
    """
    choices = [one for one in known if len(one) >= _SHORTEST]
    if not choices:
        return [None] * len(words)
    limits = [2 if len(word) >= _LONG else 1 for word in words]
    distances = process.cdist(words, choices, scorer=OSA.distance, score_cutoff=max(limits), dtype=np.uint8)
    rows = zip(limits, distances, distances.min(axis=1), strict=True)
    return [
        min(choices[column] for column in np.flatnonzero(row == best)) if best <= limit else None
        for limit, row, best in rows
    ]


def _is_unknown(term: Term, *, german: bool) -> bool:
    """Return whether a term is a single unquoted word that is not very short and that no dictionary contains."""
    word = term.text.lower()
    if term.quoted or len(word) < _SHORTEST or not word.isalpha():
        return False
    return word not in _dictionary() and not (german and term.english is not None)


def _in_no_picture(owner_id: int, terms: Iterable[Term]) -> list[Term]:
    """Return the terms that the text of no picture contains, archived or not. Raises SearchTooSlow."""
    pictures = Upload.objects.filter(trashed_at=None)
    searched = ((term, text_query(term)) for term in terms)
    with search_transaction():
        return [term for term, words in searched if words and not containing(pictures, owner_id, [words]).exists()]


def _replaced(query: Query, corrected: Mapping[Term, Term]) -> Query:
    alternatives = tuple(tuple(corrected.get(term, term) for term in terms) for terms in query.alternatives)
    return replace(query, alternatives=alternatives)


@cache
def _dictionary() -> frozenset[str]:
    """Return the 21,000 English words that are single tokens of the text model. Raises EnvironmentalError."""
    pieces = read_weights("wordpiece_vocab.txt").decode().split("\n")
    return frozenset(piece for piece in pieces if piece.isalpha())
