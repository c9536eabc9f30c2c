"""Frequent statements are prepared on the server. The texts of all others are not kept in memory."""

import tracemalloc

import pytest

from uploads.database import fetch_row
from uploads.models import Upload

pytestmark = pytest.mark.django_db


def test_frequent_statement_is_prepared() -> None:
    statement = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %(start)s"

    assert fetch_row(statement, {"start": "SELECT count(*) FROM pg_prepared%"}) == (1,)


def test_texts_of_other_statements_are_not_kept() -> None:
    fetch_row("SELECT 1", {})
    tracemalloc.start()

    for number in range(10):
        Upload.objects.filter(filename=f"{number}" + "a" * 1_000_000).exists()

    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert kept < 1_000_000
