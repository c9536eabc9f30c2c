"""pytest plugin: mark the tests that start processes, and run the longest tests first."""

from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
# Tests in these folders or with these fixtures start web servers, workers, browsers, a bucket or their own stack.
PROCESS_FOLDERS = {"browser", "chaos", "localstack", "s3", "server", "settings"}
PROCESS_FIXTURES = {"process_env", "web_server", "make_server", "bucket"}
# These run first, because a long test that starts last leaves the other cores idle.
LONGEST = [
    "test_page_states.py",
    "test_upload_many.py",
    "test_upload_unstable_connection.py",
    "test_demo.py",
    "test_worker_processes.py",
]


@pytest.hookimpl(trylast=True)
def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the tests that start processes, so that `make test-fast` can skip them."""
    folder = item.path.relative_to(TESTS).parts[0]
    if folder in PROCESS_FOLDERS or PROCESS_FIXTURES & set(getattr(item, "fixturenames", ())):
        item.add_marker("processes")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the tests into groups and keep the shuffled order within each group.

    Browser tests stay together because they share one browser per process.
    """
    items.sort(key=_group)


def _group(item: pytest.Item) -> tuple[bool, bool, bool]:
    return (
        item.path.parent.name != "browser",
        item.get_closest_marker("processes") is None,
        item.path.name not in LONGEST,
    )
