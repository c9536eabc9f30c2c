"""Unit tests run without PostgreSQL and Redis."""

import pytest

from tests.support.servers import Services


@pytest.fixture(scope="session")
def all_services() -> Services:
    """Fail any test that needs PostgreSQL or Redis."""
    pytest.fail("tests in tests/unit use no server; move this one to the folder of its package")


@pytest.fixture
def empty_redis() -> None:
    """Override the fixture that empties Redis, because unit tests use no Redis."""
