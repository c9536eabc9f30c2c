"""Interpret what a user typed: parse the query, translate it, and correct mistyped words."""

from dataclasses import dataclass

from django.utils.translation import get_language

from uploads.errors import EnvironmentalError
from uploads.search.german import translate_query
from uploads.search.language import parse_query
from uploads.search.query import Query
from uploads.search.spelling import correct_query


@dataclass(frozen=True, slots=True)
class Interpretation:
    """`typed` is the query as typed, and `searched` is the query to run."""

    typed: Query
    searched: Query

    @property
    def is_corrected(self) -> bool:
        """Whether words of the query were replaced because they look mistyped."""
        return str(self.typed) != str(self.searched)


def interpret(owner_id: int, text: str, *, exact: bool = False) -> Interpretation:
    """Interpret a query in the current language. If `exact`, no word is corrected. Raises QueryError."""
    german = (get_language() or "").startswith("de")
    typed = parse_query(text)
    searched = translate_query(typed) if german else typed
    if not exact:
        searched = _corrected(owner_id, searched, german=german)
    return Interpretation(typed, searched)


def _corrected(owner_id: int, query: Query, *, german: bool) -> Query:
    try:
        corrected = correct_query(owner_id, query, german=german)
    except EnvironmentalError:
        return query  # the model files are damaged, which is logged when the text model is loaded
    return translate_query(corrected) if german else corrected
