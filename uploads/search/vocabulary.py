"""The owner's vocabulary: labels, places, cameras and keywords of their pictures, for suggestions and corrections.

Terms are added when pictures are indexed (see uploads/similar/indexing.py). Terms stay when their last picture is
deleted, so suggestions are checked against the pictures.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, IntegerField, Q, QuerySet, When
from django.db.models.functions import Length

from uploads.database import fetch_rows
from uploads.models import SearchTerm
from uploads.search.candidates import containing
from uploads.search.filters import filter_pictures
from uploads.search.language import Filter, Query, Term
from uploads.search.words import split_words, text_query

MAX_SUGGESTIONS = 6
MAX_WORDS = 20_000
_CONSIDERED = 30

# Insert in sorted order, so that transactions that add the same terms cannot deadlock.
ADD_TERMS = """
WITH term AS (
    SELECT owner_id, 'label' AS kind, left(label->>'name', 200) AS text
      FROM uploads_upload, jsonb_array_elements(labels) AS label WHERE id = ANY(%(ids)s)
    UNION SELECT owner_id, 'keyword', left(keyword, 200)
      FROM uploads_upload, jsonb_array_elements_text(keywords) AS keyword WHERE id = ANY(%(ids)s)
    UNION SELECT owner_id, 'place', place FROM uploads_upload WHERE id = ANY(%(ids)s)
    UNION SELECT owner_id, 'camera', camera FROM uploads_upload WHERE id = ANY(%(ids)s)
)
INSERT INTO uploads_searchterm (owner_id, kind, text)
SELECT owner_id, kind, text FROM term
 WHERE text <> '' AND NOT EXISTS (SELECT FROM uploads_searchterm known WHERE known.owner_id = term.owner_id
                                     AND known.kind = term.kind AND known.text = term.text)
 ORDER BY owner_id, kind, text ON CONFLICT DO NOTHING RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A term of the owner's pictures, and the query that it completes."""

    kind: str
    text: str
    query: str


def add_terms(upload_ids: Collection[int]) -> None:
    """Add the terms of these pictures to their owners' vocabularies."""
    fetch_rows(ADD_TERMS, {"ids": list(upload_ids)})


def own_words(owner_id: int) -> set[str]:
    """Return the words of up to MAX_WORDS of the owner's terms, in lower case."""
    texts = SearchTerm.objects.filter(owner_id=owner_id).values_list("text", flat=True)[:MAX_WORDS]
    # Splitting the texts one by one would take three times as long.
    return set(split_words(" ".join(texts)).lower().split())


def suggest(owner_id: int, typed: str) -> list[Suggestion]:
    """Return the terms that contain a word starting with the last word typed, shortest first.

    The words before it are kept in each suggestion's query.
    """
    before, _, last = typed.rpartition(" ")
    if not last or ":" in last or last.startswith("-") or typed.count('"') % 2:
        return []
    rows = terms_beginning(owner_id, last)[:_CONSIDERED]
    found: dict[str, Suggestion] = {}
    for kind, text in rows:
        suggestion = Suggestion(kind, text, " ".join(filter(None, (before, _as_query(kind, text)))))
        if suggestion.query not in found and _occurs(owner_id, kind, text):
            found[suggestion.query] = suggestion
        if len(found) == MAX_SUGGESTIONS:
            break
    return list(found.values())


def terms_beginning(owner_id: int, letters: str) -> QuerySet[SearchTerm, Any]:
    """Return the kind and text of the owner's terms that contain a word starting with these letters, shortest first.

    Terms that start with these letters come before terms in which only a later word does.
    """
    begins = Q(text__istartswith=letters)
    terms = SearchTerm.objects.filter(begins | Q(text__icontains=f" {letters}"), owner_id=owner_id)
    order = Case(When(begins, then=0), default=1, output_field=IntegerField())
    return terms.order_by(order, Length("text"), "text").values_list("kind", "text")


def _as_query(kind: str, text: str) -> str:
    if kind in (SearchTerm.Kind.PLACE, SearchTerm.Kind.CAMERA):
        return str(Filter(kind, text.replace('"', " ")))
    return text


def _occurs(owner_id: int, kind: str, text: str) -> bool:
    """Return whether a picture of the owner still has the term."""
    pictures = filter_pictures(owner_id, Query())
    if kind in (SearchTerm.Kind.PLACE, SearchTerm.Kind.CAMERA):
        pictures = pictures.filter(**{kind: text})
    searched = text_query(Term(text, quoted=True))
    return (pictures if searched is None else containing(pictures, owner_id, [searched])).exists()
