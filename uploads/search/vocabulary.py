"""The owner's vocabulary: labels, places, cameras and keywords of their pictures, for suggestions and corrections.

Terms are added when pictures are indexed (see uploads/similar/indexing.py). Terms stay when their last picture is
deleted.
"""

from collections.abc import Collection

from uploads.database import fetch_rows
from uploads.models import SearchTerm
from uploads.search.words import split_words

MAX_TERMS = 20_000
MAX_LETTERS = 500_000

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


def add_terms(upload_ids: Collection[int]) -> None:
    """Add the terms of the pictures in `upload_ids` to their owners' vocabularies."""
    fetch_rows(ADD_TERMS, {"ids": list(upload_ids)})


def own_words(owner_id: int) -> set[str]:
    """Return the words of up to MAX_TERMS of the owner's terms, and MAX_LETTERS letters, in lower case."""
    terms = SearchTerm.objects.filter(owner_id=owner_id).order_by("kind", "text")
    texts = " ".join(terms.values_list("text", flat=True)[:MAX_TERMS])
    if len(texts) > MAX_LETTERS:
        texts = texts[:MAX_LETTERS].rpartition(" ")[0]
    # Splitting the texts one by one would take three times as long.
    return set(split_words(texts).lower().split())
