"""Searches use the vector index or an exact scan, whichever reads less."""

import pytest

from uploads.search.nearest import index_is_faster


@pytest.mark.parametrize(
    ("matching", "indexed", "limit", "expected"),
    [
        (800_000, 800_000, 200, True),
        (80_000, 800_000, 200, True),
        (40_000, 800_000, 200, False),
        (45_000, 100_000, 200, True),
        (10_000, 100_000, 200, False),
        (20_000, 100_000, 600, False),
        (0, 100_000, 200, False),
    ],
)
def test_index_is_used_if_many_vectors_match(matching: float, indexed: float, limit: int, expected: bool) -> None:
    assert index_is_faster(matching, indexed, limit) is expected
