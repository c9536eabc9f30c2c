"""The number of matching vectors up to which an exact scan is as fast as the vector index."""

import pytest

from uploads.search.nearest import INDEX_COST, max_exact_rows


@pytest.mark.parametrize("indexed", [20_000, 100_000, 800_000])
@pytest.mark.parametrize("limit", [200, 600])
def test_exact_scan_of_the_most_rows_costs_as_much_as_the_index(indexed: int, limit: int) -> None:
    most = max_exact_rows(indexed, limit)

    assert most == pytest.approx(INDEX_COST * limit * indexed / most, rel=0.001)
