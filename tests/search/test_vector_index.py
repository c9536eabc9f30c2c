"""Vector indexes are built and dropped as needed, and find the same pictures as exact searches."""

from collections.abc import Callable
from contextlib import closing
from io import StringIO

import psycopg
import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import IntegrityError, connection

from batches.engine.liveness import connection_parameters
from tests.search.conftest import MakePicture
from tests.support.users import make_user
from uploads.analysis.base import QueryEncoder
from uploads.search import vector_index
from uploads.search.language import parse_query
from uploads.search.nearest import OwnerVectors
from uploads.search.results import search
from uploads.search.transaction import SCAN_SETTINGS, search_transaction
from uploads.search.vector_index import index_name, index_size, maintain_indexes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def anna(exact_rows: Callable[[int], None]) -> User:
    """A user whose searches are exact for up to three pictures, and use an index for more."""
    exact_rows(3)
    return make_user("anna")


def test_index_is_built_once_it_pays_off(anna: User, make_picture: MakePicture, encoder: QueryEncoder) -> None:
    for number in range(4):
        make_picture(f"picture {number}")
        if number < 3:
            assert maintain_indexes() == []
    make_picture("a cat", owner=make_user("ben"))
    name = index_name(anna.id, encoder.model)

    assert maintain_indexes() == [name]
    assert index_size(anna.id, encoder.model).rows == 4
    assert maintain_indexes() == []


def test_vectors_that_are_too_long_get_no_index(
    anna: User, make_picture: MakePicture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        make_picture("a cat")
    monkeypatch.setattr(vector_index, "MAX_DIMENSIONS", 383)

    assert maintain_indexes() == []


def test_index_of_few_vectors_is_dropped(anna: User, make_picture: MakePicture, encoder: QueryEncoder) -> None:
    pictures = [make_picture("a cat") for _ in range(4)]
    name = index_name(anna.id, encoder.model)
    maintain_indexes()
    pictures[0].embeddings.all().delete()

    output = StringIO()
    call_command("index_vectors", stdout=output)

    assert output.getvalue() == f"{name}\n1 index changed.\n"
    assert not index_size(anna.id, encoder.model).rows


def test_incomplete_index_is_replaced(anna: User, make_picture: MakePicture, encoder: QueryEncoder) -> None:
    for _ in range(4):
        make_picture("a cat")
    name = index_name(anna.id, encoder.model)
    with pytest.raises(IntegrityError), connection.cursor() as cursor:
        cursor.execute(f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON uploads_embedding (owner_id)")

    assert maintain_indexes() == [name, name]
    assert index_size(anna.id, encoder.model).rows


def test_nothing_is_done_while_another_process_builds(
    anna: User, make_picture: MakePicture, encoder: QueryEncoder
) -> None:
    for _ in range(4):
        make_picture("a cat")
    with closing(psycopg.connect(**connection_parameters(), autocommit=True)) as session:
        session.execute("SELECT pg_advisory_lock(%s)", [vector_index.BUILD_LOCK])

        assert maintain_indexes() == []

    assert not index_size(anna.id, encoder.model).rows


def test_search_by_index_finds_what_an_exact_scan_finds(
    anna: User, make_picture: MakePicture, encoder: QueryEncoder
) -> None:
    for number in range(8):
        make_picture("a cat" if number % 2 else "an unpaid invoice", camera="Pixel 8" if number < 3 else "")
    make_picture("a cat", owner=make_user("ben"))
    texts = ("cat", "cat camera:pixel", "cat has:camera", "cat -invoice")
    exact = [[hit.upload.id for hit in search(anna.id, parse_query(text), [encoder], 1).hits] for text in texts]
    maintain_indexes()

    by_index = [[hit.upload.id for hit in search(anna.id, parse_query(text), [encoder], 1).hits] for text in texts]

    assert by_index == exact


def test_index_that_finds_too_few_is_not_trusted(
    anna: User, make_picture: MakePicture, encoder: QueryEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SCAN_SETTINGS, "hnsw.max_scan_tuples", "1")
    monkeypatch.setitem(SCAN_SETTINGS, "hnsw.ef_search", "1")
    for _ in range(20):
        make_picture("a cat")
    far = make_picture("a feline", camera="Pixel 8")
    maintain_indexes()

    with search_transaction():
        vector = encoder.embed_query("cat").numbers
        vectors = OwnerVectors(anna.id, parse_query("cat camera:pixel"), encoder.model, vector)
        found = vectors.nearest(500)

    assert list(found) == [far.id]
