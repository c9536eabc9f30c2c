"""Explain why a picture was found: words of the query in its text, or its appearance. Pure functions only."""

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache

from uploads.search.query import Query
from uploads.search.words import is_indexed, split_words
from uploads.text import fold

_WORD = re.compile(r"[^\W_]+")
_ENDINGS = {"ies": "y", "ing": "", "es": "", "ed": "", "s": "", "e": ""}
_SHORTEST_STEM = 3
_LONGEST = 300
_BEFORE = 60


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of text; `found` is True if it matches the query."""

    text: str
    found: bool


@dataclass(frozen=True, slots=True)
class Reason:
    """The text in which words of the query were found; `source` is the key of this text in explain()'s `texts`.

    If the text is long, `parts` cover only an excerpt around the first of these words.
    """

    source: str
    parts: tuple[Part, ...]


def explain(query: Query, texts: dict[str, str]) -> Reason | None:
    """Return the first of a picture's texts that contains a word of the query, or None.

    Words match if they are equal after accents and common English endings are removed, much as in full-text search.
    """
    stems = _stems(query)
    for source, original in texts.items():
        text = unicodedata.normalize("NFC", original)
        first = next((match.start() for match in _WORD.finditer(text) if _stem(match[0]) in stems), None)
        if first is not None:
            return Reason(source, tuple(_split(_excerpt(text, first), stems)))
    return None


@lru_cache(100)
def _stems(query: Query) -> frozenset[str]:
    """Return the stems of the query's words. They are cached, because they are the same for all pictures of a page."""
    terms = (term for terms in query.alternatives for term in terms if term.quoted or is_indexed(term))
    words = (word for term in terms for word in split_words(fold(f"{term.text} {term.english or ''}")).split())
    return frozenset(map(_stem, words))


def _split(text: str, stems: Collection[str]) -> Iterable[Part]:
    end = 0
    for match in _WORD.finditer(text):
        if _stem(match[0]) in stems:
            if match.start() > end:
                yield Part(text[end : match.start()], False)
            yield Part(match[0], True)
            end = match.end()
    if end < len(text):
        yield Part(text[end:], False)


def _excerpt(text: str, first: int) -> str:
    """Return the text or, if it is long, the part around the position `first`."""
    if len(text) <= _LONGEST:
        return text
    start = max(0, first - _BEFORE)
    end = start + _LONGEST
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"


@lru_cache(10_000)
def _stem(word: str) -> str:
    word = fold(word).casefold()
    for ending, replacement in _ENDINGS.items():
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word.removesuffix(ending) + replacement
    return word
