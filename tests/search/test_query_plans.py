"""Searches read one owner's rows through an index, never a whole table."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from batches.models import BatchItem, UploadBatch
from batches.models.import_pictures import imports_of
from batches.models.states import ItemResult, ItemStatus
from tests.support.query_plans import plan, truncate_tables
from tests.support.users import make_user
from uploads.models import SearchTerm, Upload
from uploads.search import vector_index
from uploads.search.by_date import pictures_by_date
from uploads.search.candidates import counting
from uploads.search.filters import AnyOf, filter_pictures
from uploads.search.language import parse_query
from uploads.search.nearest import COSINES, OwnerVectors
from uploads.search.suggestions import beginning
from uploads.search.transaction import search_transaction
from uploads.search.word_matches import MAX_WITH_ALL, OwnerWords
from uploads.search.words import AnyPhrase
from uploads.similar.groups import in_kept_pairs, kept_pairs, pairs_of
from uploads.similar.indexing import LIBRARY, due_rows
from uploads.similar.mutual_fit import FITS_WITH_SAMPLE

pytestmark = pytest.mark.slow

MANY = 10_000
FEW = 200
MODEL = "test"
FILTERS = "has:camera has:place taken:2024 type:photo camera:leica"
OTHERS = "place:lisbon orientation:portrait is:favourite -place:rome"
WORD = AnyPhrase("thing7")
IDS = f"'{set(range(1, 100))}'::bigint[]"
MUTUAL = {"owner": 1, "model": f"'{MODEL}'", "compared": IDS, "sample": IDS}
COMPARED = {"vector": "'[1,0,0]'", "ids": f"'{set(range(1, 500))}'::bigint[]", "model": f"'{MODEL}'", "owner": 1}
FILL = """
INSERT INTO uploads_upload (owner_id, key, sha256, filename, size, mime_type, kind, camera, metadata, previews, labels,
                            description, taken_at, taken_source, processed_at, created_at, updated_at)
SELECT %(owner)s, gen_random_uuid(), lpad(n::text, 64, '0'), 'IMG_' || n || '.JPG', 1, 'image/jpeg', 'image', '', '{}',
       '{}', '[]', 'A picture of thing' || n %% 500 || '.', timestamptz '2024-01-01' + n * interval '1 hour', 'exif',
       now(), now(), now()
  FROM generate_series(1, %(files)s) n
"""
EMBED = """
INSERT INTO uploads_embedding (upload_id, owner_id, model, vector)
SELECT id, owner_id, %s, format('[%%s,%%s,0]', cos(id), sin(id))::halfvec FROM uploads_upload
"""
APPEARANCES = """
WITH appearances AS (
    INSERT INTO uploads_appearance (upload_id, owner_id, code, due_at)
    SELECT id, owner_id, 'code', CASE WHEN id %% 1000 = 0 THEN now() END FROM uploads_upload
), pairs AS (
    INSERT INTO uploads_nearduplicate (owner_id, first_id, second_id, kept)
    SELECT two.owner_id, one.id, two.id, two.id %% 4 = 0
      FROM uploads_upload one JOIN uploads_upload two ON two.id = one.id + 1 WHERE two.id %% 2 = 0
)
INSERT INTO uploads_searchterm (owner_id, kind, text) SELECT owner_id, 'keyword', sha256 FROM uploads_upload
"""


@pytest.fixture
def owners(exact_rows: Callable[[int], None]) -> tuple[int, int]:
    """The ids of two owners: the first has 10,000 pictures and a vector index, the second has 200 pictures."""
    exact_rows(MANY // 4)
    truncate_tables()
    ben, anna = make_user("ben"), make_user("anna")
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"owner": ben.id, "files": MANY})
        cursor.execute(FILL, {"owner": anna.id, "files": FEW})
        cursor.execute(EMBED, [MODEL])
        cursor.execute(APPEARANCES, [])
        for table in ("upload", "embedding", "appearance", "nearduplicate", "searchterm"):
            cursor.execute(f"VACUUM ANALYZE uploads_{table}")
    add_imports(ben.id)
    assert vector_index.maintain_indexes() == [vector_index.index_name(ben.id, MODEL)]
    return ben.id, anna.id


def add_imports(owner_id: int) -> None:
    """Add 1,000 imports. One of them, "Old", contains the owner's 20 oldest pictures."""
    names = ["Old", *(f"Day {number}" for number in range(1, 1000))]
    old, *_others = UploadBatch.objects.bulk_create(UploadBatch(owner_id=owner_id, name=name) for name in names)
    done = {"status": ItemStatus.COMPLETED, "result": ItemResult.NEW, "finished_at": timezone.now()}
    ids = Upload.objects.filter(owner_id=owner_id).order_by("id").values_list("id", flat=True)[:20]
    BatchItem.objects.bulk_create(
        BatchItem(batch=old, upload_id=id, filename="a", fingerprint=str(id), size=1, **done) for id in ids
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE batches_uploadbatch, batches_batchitem")


def newest(owner_id: int, text: str) -> QuerySet[Upload]:
    return filter_pictures(owner_id, parse_query(text)).only("id").order_by("-id")[:61]


def by_date(owner_id: int, text: str) -> QuerySet[Upload]:
    return pictures_by_date(owner_id, parse_query(text)).only("id")[:61]


def vectors_of(owner_id: int, text: str) -> OwnerVectors:
    return OwnerVectors(owner_id, parse_query(text), MODEL, (1.0, 0.0, 0.0))


@pytest.mark.parametrize(
    ("text", "by_index"),
    [("cat", True), ("cat taken:2024", True), ("cat taken:2024-01", False), ("cat type:video", False)],
)
def test_index_finds_vectors_if_most_match_the_filters(owners: tuple[int, int], text: str, by_index: bool) -> None:
    with search_transaction(), CaptureQueriesContext(connection) as queries:
        vectors_of(owners[0], text).nearest(200)

    assert ("halfvec(3)" in queries.captured_queries[-1]["sql"]) is by_index


def words_of(owner_id: int, filters: str, *, most: bool) -> QuerySet[Any, Any]:
    """Return the statement for the pictures with a word that meet the filters."""
    texts = OwnerWords(owner_id, parse_query(filters), many=False, most=most)
    return texts.matching([WORD]).values_list("id")[:MAX_WITH_ALL]


def test_searches_use_their_indexes(owners: tuple[int, int]) -> None:
    ben, anna = owners
    vectors, dated = (vectors_of(anna, text) for text in ("cat", "cat taken:2024-01-03"))
    many, kinds = (vectors_of(ben, text) for text in ("cat", "cat has:date"))
    pictures = filter_pictures(ben, parse_query("")).filter(AnyOf("id", range(1, 500)))
    rows: dict[str, tuple[str | QuerySet[Any, Any], str]] = {
        "exact": (
            vectors.by_scan()[:500],
            "embedding_owner_filters",
        ),
        "dated": (
            dated.by_scan()[:500],
            "embedding_owner_filters",
        ),
        "approximate": (many.by_index()[:500], vector_index.index_name(ben, MODEL)),
        "approximate and filtered": (kinds.by_index()[:500], vector_index.index_name(ben, MODEL)),
        "words": (words_of(anna, "", most=False), "upload_words"),
        "filtered words": (words_of(anna, FILTERS, most=False), "upload_words"),
        "words of most pictures": (words_of(ben, "", most=True), "upload_words"),
        "filtered words of most pictures": (words_of(ben, FILTERS, most=True), "upload_words"),
        "words of videos": (words_of(ben, "type:video", most=True), "upload_videos"),
        "words and dates": (words_of(ben, "taken:2024-01", most=True), "upload_timeline"),
        "words of pictures": (counting(pictures, [WORD]), "uploads_upload_pkey"),
        "vectors of pictures": (COSINES % COMPARED, "embedding_once_per_model"),
        "filters": (newest(ben, FILTERS), "upload_owner_newest"),
        "other filters": (newest(ben, OTHERS), "upload_owner_newest"),
        "few pictures": (filter_pictures(ben, parse_query(OTHERS)).values_list("id")[:600], "upload_owner_newest"),
        "filters, by date": (by_date(ben, FILTERS), "upload_owner_newest"),
        "exclusions, by date": (by_date(ben, "-dog"), "upload_timeline"),
        "album": (newest(ben, "album:norway"), "upload_albums"),
        "names of imports": (beginning(imports_of(ben), "name", "ol"), "batch_owner_newest"),
        "filters, newer": (
            filter_pictures(ben, parse_query(FILTERS)).filter(id__gt=9_000).only("id").order_by("id")[:6],
            "upload_owner_newest",
        ),
    }

    others: dict[str, tuple[str | QuerySet[Any, Any], str]] = {
        "mutual fits": (FITS_WITH_SAMPLE % MUTUAL, "embedding_once_per_model"),
        "features": (FITS_WITH_SAMPLE % MUTUAL, "uploads_appearance_pkey"),
        "codes": (LIBRARY % {"owner": anna}, "appearance_owner"),
        "due": (due_rows()[:500], "appearance_due"),
        "near duplicates": (pairs_of(anna), "nearduplicate_open"),
        "kept pictures": (kept_pairs(anna, [range(1, 41), range(41, 81)]), "nearduplicate_once"),
        "kept pictures of large groups": (in_kept_pairs(anna, range(1, 51)), "nearduplicate_once"),
        "terms": (beginning(SearchTerm.objects.filter(owner_id=anna), "text", "00"), "searchterm_once"),
    }

    with search_transaction():
        plans = {name: (plan(found), index) for name, (found, index) in rows.items()}
        of_import = plan(newest(ben, "import:old"))

    plans |= {name: (plan(found), index) for name, (found, index) in others.items()}

    for name, (found, index) in plans.items():
        assert index in {node.get("Index Name") for node in found}, name
        assert "Seq Scan" not in {node["Node Type"] for node in found}, name
    assert "camera_clock" in str([node.get("Index Cond") for node in plans["dated"][0]])
    for name in ("filters", "other filters", "few pictures", "filters, by date"):
        assert "Index Only Scan" in {node["Node Type"] for node in plans[name][0]}, name
    assert "owner" in str([node.get("Index Cond") for node in plans["words"][0]])
    # Either of two indexes is fine if the ids of the import's pictures are a condition of the index scan.
    assert "(id = ANY" in str([node.get("Index Cond") for node in of_import])
    assert "Seq Scan" not in {node["Node Type"] for node in of_import}
