"""Fixtures of the access tests: rows of two users, and the check that one did not change the other's."""

from collections.abc import Iterator

import pytest

from tests.access.world import World, make_world, rows_of_anna


@pytest.fixture
def world(db: None) -> World:
    """Rows of Anna, and Ben who tries to reach them."""
    return make_world()


@pytest.fixture
def unchanged(world: World) -> Iterator[None]:
    """Check that the test changed no row of Anna."""
    before = rows_of_anna()
    yield
    assert rows_of_anna() == before
