"""Correct mistyped words of a query, with words from the owner's labels, places, cameras and keywords."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache

from django.utils.module_loading import import_string
from rapidfuzz import process
from rapidfuzz.distance import OSA

from uploads.search.candidates import containing
from uploads.search.filters import filter_pictures
from uploads.search.german import german_words
from uploads.search.language import Query, Term
from uploads.search.vocabulary import own_words
from uploads.search.words import text_query

_SHORTEST = 4
_LONG = 8


def correct_query(owner_id: int, query: Query, *, german: bool) -> Query:
    """Return the query with corrected words, or the same query if no word looks mistyped.

    A word is considered mistyped if it is in no picture's text and in no dictionary, and differs from a word in the
    owner's vocabulary by one letter, or by two if it is long. Quoted text and excluded words are never changed.
    """
    doubtful = {term for terms in query.alternatives for term in terms if _is_doubtful(owner_id, term, german=german)}
    if not doubtful:
        return query
    known = own_words(owner_id)
    if german:
        known |= {word for word, english in german_words().items() if set(english.split()) & known}
    corrected = {term: replace(term, text=word) for term in doubtful if (word := nearest_word(term.text, known))}
    return _replaced(query, corrected)


def nearest_word(word: str, known: Iterable[str]) -> str | None:
    """Return the most similar of the known words, which are in lower case, or None if none is similar enough."""
    word = word.lower()
    mistakes = 2 if len(word) >= _LONG else 1
    choices = sorted(one for one in known if len(one) >= _SHORTEST)
    found = process.extractOne(word, choices, scorer=OSA.distance, score_cutoff=mistakes)
    return found[0] if found else None


def _is_doubtful(owner_id: int, term: Term, *, german: bool) -> bool:
    word = term.text.lower()
    if term.quoted or len(word) < _SHORTEST or not word.isalpha():
        return False
    if word in _dictionary() or (german and term.english is not None):
        return False
    searched = text_query(term)
    return searched is not None and not containing(filter_pictures(owner_id, Query()), owner_id, [searched]).exists()


def _replaced(query: Query, corrected: Mapping[Term, Term]) -> Query:
    alternatives = tuple(tuple(corrected.get(term, term) for term in terms) for terms in query.alternatives)
    return replace(query, alternatives=alternatives)


@cache
def _dictionary() -> frozenset[str]:
    """Return the 21,000 English words that are single tokens of the text model. Raises EnvironmentalError."""
    read_weights = import_string("uploads.analysis.model_files.read_weights")  # loads the model runtime
    pieces = read_weights("wordpiece_vocab.txt").decode().split("\n")
    return frozenset(piece for piece in pieces if piece.isalpha())
