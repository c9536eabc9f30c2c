"""Fixtures for the access tests: the rows of Anna and Ben, and a check that Anna's rows are unchanged."""

from collections.abc import Iterator

import pytest

from tests.access.access_data import AccessData, make_access_data, rows_of_anna


@pytest.fixture
def data(db: None) -> AccessData:
    return make_access_data()


@pytest.fixture
def unchanged(data: AccessData) -> Iterator[None]:
    """Check that the test changed none of Anna's rows."""
    before = rows_of_anna()
    yield
    assert rows_of_anna() == before
