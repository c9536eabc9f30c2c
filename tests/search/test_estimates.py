"""Estimates of how many vectors match filters, which decide between the vector index and an exact scan."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User

from tests.search.conftest import MakePicture
from tests.support.users import make_user
from uploads.analysis.base import QueryEncoder
from uploads.search.estimates import estimate_vectors
from uploads.search.language import parse_query


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cat taken:2023", 2),
        ("cat taken:2023-05", 1),
        ("cat taken:2023-06..", 2),
        ("cat taken:..2023", 2),
        ("cat taken:2022", 0),
        ("cat taken:2023 taken:2023-12", 1),
    ],
)
def test_vectors_in_a_period_are_counted(
    text: str, expected: int, anna: User, make_picture: MakePicture, encoder: QueryEncoder
) -> None:
    for taken_at in (datetime(2023, 5, 1, tzinfo=UTC), datetime(2023, 12, 31, 23, tzinfo=UTC), None):
        make_picture("a cat", taken_at=taken_at)
        make_picture("a cat", owner=make_user(f"ben{taken_at}"), taken_at=taken_at)
    make_picture("a cat", taken_at=datetime(2024, 1, 1, tzinfo=UTC))

    assert estimate_vectors(anna.id, parse_query(text), encoder.model) == expected
