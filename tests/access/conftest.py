"""Before every door stands somebody whose it is not."""

from collections.abc import Iterator

import pytest

from tests.access.there import There, make_there, rows


@pytest.fixture
def there(transactional_db: None) -> There:
    """What is Anna's."""
    return make_there()


@pytest.fixture
def unchanged(there: There) -> Iterator[None]:
    """Whatever was tried, it changed nothing of Anna's."""
    before = rows()
    yield
    assert rows() == before
