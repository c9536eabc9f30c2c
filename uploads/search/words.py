"""Conditions that compare a query with pictures' indexed words; see SearchWords in uploads/models/expressions.py."""

import re
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchQueryCombinable, SearchQueryField
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Func, Value
from django.db.models.sql.compiler import SQLCompiler

from uploads.search.query import Term
from uploads.text import fold

_SEPARATORS = re.compile(r"[\W_]+")
# The stop words of PostgreSQL's English configuration, which does not index them.
_STOP_WORDS = frozenset(("a", "about", "above", "after", "again", "against", "all", "am", "an", "and", "any",
                         "are", "as", "at", "be", "because", "been", "before", "being", "below", "between",
                         "both", "but", "by", "can", "did", "do", "does", "doing", "don", "down", "during",
                         "each", "few", "for", "from", "further", "had", "has", "have", "having", "he", "her",
                         "here", "hers", "herself", "him", "himself", "his", "how", "i", "if", "in", "into",
                         "is", "it", "its", "itself", "just", "me", "more", "most", "my", "myself", "no", "nor",
                         "not", "now", "of", "off", "on", "once", "only", "or", "other", "our", "ours",
                         "ourselves", "out", "over", "own", "s", "same", "she", "should", "so", "some", "such",
                         "t", "than", "that", "the", "their", "theirs", "them", "themselves", "then", "there",
                         "these", "they", "this", "those", "through", "to", "too", "under", "until", "up",
                         "very", "was", "we", "were", "what", "when", "where", "which", "while", "who", "whom",
                         "why", "will", "with", "you", "your", "yours", "yourself", "yourselves"))  # fmt: skip
_BOTH_CONFIGURATIONS = "phraseto_tsquery('english', %s) || phraseto_tsquery('simple', %s)"


class OwnerWord(SearchQueryCombinable, Func):  # type: ignore[misc]  # as Django's own SearchQuery
    """The condition that a picture's words belong to an owner.

    Combined with a word of the query, it lets one index scan find the owner's matches without reading those of others.
    The word that stands for an owner contains a space. Text is split at spaces, so no text can contain this word.
    """

    template = "%(expressions)s::tsquery"
    output_field = SearchQueryField()

    def __init__(self, owner_id: int) -> None:
        super().__init__(Value(f"'owner {owner_id:d}'"))
        self.config = None


class AnyPhrase(SearchQuery):
    """The condition that a picture's words contain one of the phrases, in English or exactly as written.

    It is compiled in one step, which takes a fraction of the time that a combination of Django's queries takes.
    """

    def __init__(self, *phrases: str) -> None:
        Func.__init__(self, *(Value(split_words(fold(one))) for one in phrases))
        self.config, self.invert = None, False

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, *_args: Any, **_kwargs: Any
    ) -> tuple[str, Any]:
        words = [value.value for value in self.get_source_expressions()]
        found = f"({' || '.join([_BOTH_CONFIGURATIONS] * len(words))})"
        return f"!!{found}" if self.invert else found, [one for one in words for _ in range(2)]


def split_words(text: str) -> str:
    """Replace everything but letters and digits with spaces, as in indexed file names."""
    return _SEPARATORS.sub(" ", text).strip()


def is_indexed(term: Term) -> bool:
    """Return whether `term` contains a word that can be found in a picture's text."""
    text = split_words(fold(term.wording))
    return bool(text) and (term.quoted or text.lower() not in _STOP_WORDS)


def text_query(term: Term) -> SearchQueryCombinable | None:
    """Return the condition that a picture's words contain `term` or its translation; None if no word is indexed."""
    if not is_indexed(term):
        return None
    return AnyPhrase(term.text) if term.english is None else AnyPhrase(term.text, term.english)
