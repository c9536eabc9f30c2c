"""Searches read the rows of one owner by an index, never a whole table."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import QuerySet

from tests.support.query_plans import nodes
from tests.support.users import make_user
from uploads.search.candidates import compared, matching, with_words
from uploads.search.filters import filter_pictures
from uploads.search.language import Term, parse_query
from uploads.search.words import text_query

OTHERS = 20_000
OWN = 400
FILL = """
INSERT INTO uploads_upload (owner_id, key, sha256, filename, size, mime_type, kind, camera, metadata, previews, labels,
                            description, taken_source, processed_at, created_at, updated_at)
SELECT %(owner)s, gen_random_uuid(), lpad(n::text, 64, '0'), 'IMG_' || n || '.JPG', 1, 'image/jpeg', 'image', '', '{}',
       '{}', '[]', 'A picture of thing' || n %% 500 || '.', '', now(), now(), now() FROM generate_series(1, %(files)s) n
"""
EMBED = """
INSERT INTO uploads_embedding (upload_id, owner_id, model, vector)
SELECT id, owner_id, 'test', '[1,0,0]' FROM uploads_upload
"""


@pytest.fixture
def anna(transactional_db: None) -> User:
    """The owner of 2 % of the pictures."""
    anna, ben = make_user("anna"), make_user("ben")
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"owner": ben.id, "files": OTHERS})
        cursor.execute(FILL, {"owner": anna.id, "files": OWN})
        cursor.execute(EMBED)
        cursor.execute("VACUUM ANALYZE uploads_upload")
        cursor.execute("VACUUM ANALYZE uploads_embedding")
    return anna


def plan(rows: QuerySet[Any, Any]) -> list[dict[str, object]]:
    """Return the nodes of a queryset's plan."""
    sql, parameters = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", parameters)
        found = cursor.fetchone()[0]
    return nodes((json.loads(found) if isinstance(found, str) else found)[0]["Plan"])


def test_search_plans(anna: User) -> None:
    vectors = compared(anna.id, "test", (1.0, 0.0, 0.0)).order_by("-cosine", "-upload_id")
    photos = matching(anna.id, parse_query("cat type:photo"))
    word = text_query(Term("thing7"))
    assert word is not None
    plans = {
        "vectors": (plan(vectors), "embedding_owner_model"),
        "filtered": (plan(vectors.filter(upload__in=photos)), "embedding_owner_model"),
        "prefiltered": (plan(photos.filter(id__in=list(range(1, 500)))), "uploads_upload_pkey"),
        "words": (plan(with_words(filter_pictures(anna.id, parse_query("")), [word])), "upload_words"),
        "filters": (
            plan(filter_pictures(anna.id, parse_query("has:camera")).order_by("-id")[:61]),
            "upload_owner_newest",
        ),
    }

    for name, (found, index) in plans.items():
        assert index in {node.get("Index Name") for node in found}, name
        assert "Seq Scan" not in {node["Node Type"] for node in found}, name
