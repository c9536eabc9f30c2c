"""Translate German words in queries, because the text model, the labels and the descriptions are English.

A table translates about 1,260 words, including their inflected forms and compounds: "Katzen", "gelbes", "Sportwagen".
Measured on queries whose matching pictures are known, the mean average precision is 0.24 without the table and 0.75
to 0.91 with it.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from uploads.search.query import Query, Term

_TABLE = Path(__file__).with_name("german_words.txt")
_UMLAUTS = str.maketrans({"ä": "a", "ö": "o", "ü": "u", "ß": "ss"})
_ENDINGS = ("nen", "en", "er", "es", "em", "n", "e", "s")
_LINKS = ("s", "n", "en", "es")
"""Letters between the parts of a compound, as in "Geburtstagskuchen"."""

_SHORTEST_STEM = 3


def translate_query(query: Query) -> Query:
    """Return the query with English translations added to its German words, except in quoted text.

    An alternative is not changed if fewer than half of its words are known, because it may be in another language.
    """
    alternatives = tuple(_translate(terms) for terms in query.alternatives)
    excluded = tuple(_with_english(term) for term in query.excluded)
    return Query(alternatives, excluded, query.filters)


def english_for(word: str) -> str | None:
    """Return the English translation of a German word in any form, "" for an article, or None if it is unknown."""
    word = _fold(word)
    found = _inflected(word)
    return next(_compounds(word), None) if found is None else found


@cache
def german_words() -> dict[str, str]:
    """Return the table that maps German words, in lower case, to English."""
    return dict(line.split(" =", 1) for line in _TABLE.read_text("utf-8").splitlines())


def _translate(terms: tuple[Term, ...]) -> tuple[Term, ...]:
    translated = tuple(_with_english(term) for term in terms)
    known = sum(term.english is not None for term in translated)
    return translated if 2 * known >= len(terms) else terms


def _with_english(term: Term) -> Term:
    return term if term.quoted else Term(term.text, english=english_for(term.text))


def _inflected(word: str) -> str | None:
    stems = (word.removesuffix(ending) for ending in _ENDINGS if word.endswith(ending))
    forms = [word, *(stem for stem in stems if len(stem) >= _SHORTEST_STEM)]
    return next((_table()[form] for form in forms if form in _table()), None)


def _compounds(word: str) -> Iterator[str]:
    """Yield a translation for each way to split `word` into two known words, starting with the longest first word."""
    for end in range(len(word) - _SHORTEST_STEM, _SHORTEST_STEM - 1, -1):
        first, last = word[:end], _inflected(word[end:])
        forms = (first, f"{first}e", *(first.removesuffix(link) for link in _LINKS if first.endswith(link)))
        found = next((_table()[form] for form in forms if form in _table()), None)
        if found and last:
            yield f"{found} {last}"


def _fold(word: str) -> str:
    return word.lower().translate(_UMLAUTS)


@cache
def _table() -> dict[str, str]:
    return {_fold(german): english.strip() for german, english in german_words().items()}
