"""How the words of a query find pictures by their indexed words; see SearchWords in uploads/models/expressions.py."""

import re

from django.contrib.postgres.search import SearchQuery, SearchQueryCombinable, SearchQueryField
from django.db.models import Func, Value

from uploads.search.language import Term

_SEPARATORS = re.compile(r"[\W_]+")
# Words that PostgreSQL's English configuration leaves out of the index.
_STOP_WORDS = frozenset(("a", "about", "all", "an", "and", "any", "are", "as", "at", "be", "by", "can", "do",
                         "for", "from", "has", "have", "he", "her", "his", "i", "in", "into", "is", "it", "its",
                         "me", "my", "no", "not", "of", "on", "or", "our", "out", "over", "she", "so", "some",
                         "such", "that", "the", "their", "them", "there", "these", "they", "this", "to", "under",
                         "up", "was", "we", "were", "what", "when", "where", "which", "who", "with", "you",
                         "your"))  # fmt: skip


class OwnerWord(SearchQueryCombinable, Func):  # type: ignore[misc]  # as Django's own SearchQuery
    """The condition that a picture's words belong to an owner.

    Combined with a word, it lets one search of the index find the owner's matches without reading those of others. No
    text contains such a word, because the parsers split text at spaces.
    """

    template = "%(expressions)s::tsquery"
    output_field = SearchQueryField()

    def __init__(self, owner_id: int) -> None:
        super().__init__(Value(f"'owner {owner_id:d}'"))
        self.config = None


def split_words(text: str) -> str:
    """Return `text` with a space in place of everything but letters and digits, as file names are indexed."""
    return _SEPARATORS.sub(" ", text).strip()


def is_indexed(term: Term) -> bool:
    """Return whether `term` contains a word that can be found in a picture's text."""
    text = split_words(term.wording)
    return bool(text) and (term.quoted or text.lower() not in _STOP_WORDS)


def text_query(term: Term) -> SearchQueryCombinable | None:
    """Return the condition that a picture's words contain `term` or its English; None if nothing of it is indexed."""
    if not is_indexed(term):
        return None
    found = _either_configuration(term.text)
    return found if term.english is None else found | _either_configuration(term.english)


def _either_configuration(text: str) -> SearchQueryCombinable:
    words = split_words(text)
    english = SearchQuery(words, config="english", search_type="phrase")
    return english | SearchQuery(words, config="simple", search_type="phrase")
