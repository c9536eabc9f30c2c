"""Suggest terms of the owner's vocabulary, and names of their imports, while they type a query.

Terms stay in the vocabulary when their last picture is deleted, so they are checked against the pictures.
"""

from dataclasses import dataclass
from itertools import takewhile
from typing import TypeVar

from django.db.models import Case, F, IntegerField, Model, Q, QuerySet, When
from django.db.models.functions import Length
from django.db.models.lookups import IContains, IStartsWith

from uploads.models import Folded, SearchTerm
from uploads.search.filters import AnyOf, filter_pictures
from uploads.search.imports import imports_of, pictures_of_imports
from uploads.search.language import MAX_LENGTH, query_for
from uploads.search.query import Filter, Query, Term
from uploads.search.word_matches import containing
from uploads.search.words import split_words, text_query
from uploads.text import fold

IMPORT = "import"
"""The kind of suggestions that are names of imports. All other kinds are those of SearchTerm."""

MAX_SUGGESTIONS = 6
_CONSIDERED = 30
_CHECKED = 1_000
_FILTERS = (SearchTerm.Kind.PLACE, SearchTerm.Kind.CAMERA, IMPORT)

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A term of the owner's pictures or the name of an import, and the query that results from choosing it."""

    kind: str
    text: str
    query: str


def suggest(owner_id: int, typed: str) -> list[Suggestion]:
    """Return up to MAX_SUGGESTIONS terms and names of imports with a word that starts with the last word typed.

    Texts that begin with that word come first, and shorter texts before longer ones. Each suggestion's query keeps the
    words before it that the text does not repeat. Suggestions are left out if this query would be too long or no
    picture has the term any more.
    """
    before, _, last = typed.rpartition(" ")
    if not last or ":" in last or last.startswith("-") or typed.count('"') % 2:
        return []
    terms = beginning(SearchTerm.objects.filter(owner_id=owner_id), "text", last).values_list("kind", "text")
    names = beginning(imports_of(owner_id), "name", last).values_list("name", flat=True).distinct()
    rows = [*terms[:_CONSIDERED], *((IMPORT, name) for name in names[:_CONSIDERED])]
    rows.sort(key=lambda row: (not _starts_with(row[1], last), len(row[1])))
    found: dict[str, Suggestion] = {}
    for kind, text in rows:
        kept = _without_repeated(before, last, text)
        suggestion = Suggestion(kind, text, " ".join(filter(None, (kept, _as_query(kind, text)))))
        fits = len(suggestion.query) <= MAX_LENGTH
        if fits and suggestion.query not in found and _occurs(owner_id, kind, text):
            found[suggestion.query] = suggestion
        if len(found) == MAX_SUGGESTIONS:
            break
    return list(found.values())


def beginning(rows: QuerySet[Row], column: str, letters: str) -> QuerySet[Row]:
    """Return the rows whose text in `column` contains a word starting with `letters`, the shortest first.

    Case and accents are ignored. Texts that start with `letters` come before texts in which only a later word does.
    """
    text, letters = Folded(F(column)), fold(letters)
    begins = Q(IStartsWith(text, letters))
    order = Case(When(begins, then=0), default=1, output_field=IntegerField())
    return rows.filter(begins | Q(IContains(text, f" {letters}"))).order_by(order, Length(column), column)


def _without_repeated(before: str, last: str, text: str) -> str:
    """Return `before` without its last words that `text` contains directly before a word starting with `last`."""
    typed, words = before.split(), text.split()
    starts = [position for position, word in enumerate(words) if _starts_with(word, last)]
    repeated = max((_count_repeated(typed, words[:start]) for start in starts), default=0)
    return " ".join(typed[: len(typed) - repeated])


def _count_repeated(typed: list[str], words: list[str]) -> int:
    """Return how many of the last words of `typed` are the last of `words`. Quotes, filters and operators end them."""
    pairs = zip(reversed(typed), reversed(words), strict=False)
    return len(list(takewhile(lambda pair: _is_plain(pair[0]) and _letters(pair[0]) == _letters(pair[1]), pairs)))


def _is_plain(word: str) -> bool:
    return word != "OR" and not word.startswith("-") and not set(word) & {'"', ":"}


def _letters(word: str) -> str:
    """Return a word in lower case, without accents and punctuation, unless it consists of punctuation."""
    return split_words(fold(word)).lower() or word


def _starts_with(text: str, letters: str) -> bool:
    return fold(text).lower().startswith(fold(letters).lower())


def _as_query(kind: str, text: str) -> str:
    return str(Filter(kind, text)) if kind in _FILTERS else query_for(text)


def _occurs(owner_id: int, kind: str, text: str) -> bool:
    """Return whether the owner still has a picture with this term or, for an import, one of its first pictures."""
    pictures = filter_pictures(owner_id, Query())
    if kind == IMPORT:
        first = pictures_of_imports(owner_id, text).values_list("upload_id", flat=True)
        return pictures.filter(AnyOf("id", first[:_CHECKED])).exists()
    if kind in (SearchTerm.Kind.PLACE, SearchTerm.Kind.CAMERA):
        pictures = pictures.filter(**{kind: text})
    searched = text_query(Term(text, quoted=True))
    return (pictures if searched is None else containing(pictures, owner_id, [searched])).exists()
