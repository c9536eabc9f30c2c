"""Fixtures of the access tests: rows of two users, and the check that one did not change the other's."""

from collections.abc import Iterator

import pytest

from tests.access.access_data import AccessData, make_access_data, rows_of_anna


@pytest.fixture
def data(db: None) -> AccessData:
    """Rows of Anna, and Ben who tries to reach them."""
    return make_access_data()


@pytest.fixture
def unchanged(data: AccessData) -> Iterator[None]:
    """Check that the test changed no row of Anna."""
    before = rows_of_anna()
    yield
    assert rows_of_anna() == before
