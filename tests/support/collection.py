"""pytest plugin: mark the tests that start processes, and run the longest tests first."""

from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
# Tests in these folders or with these fixtures start web servers, workers, browsers, a bucket or their own stack.
PROCESS_FOLDERS = {"backup", "browser", "chaos", "localstack", "media", "s3", "server", "settings"}
PROCESS_FIXTURES = {"process_env", "web_server", "make_server", "bucket"}
# These start first among their group, because a long test that starts last leaves the other cores idle.
LONGEST = [
    "browser/test_page_states.py",
    "browser/test_upload_many.py",
    "deletion/test_chaos.py",
    "test_end_to_end.py",
    "localstack/test_run.py",
    "localstack/test_demo.py",
    "chaos/test_chaos_page.py",
    "chaos/test_chaos_kills.py",
    "chaos/test_chaos_commands.py",
    "engine/test_worker_processes.py",
    "engine/test_state_machine.py",
    "deletion/test_state_machine.py",
    "s3/test_end_to_end.py",
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


def _group(item: pytest.Item) -> tuple[bool, int, bool]:
    name = str(item.path.relative_to(TESTS))
    return (
        item.path.parent.name != "browser",
        LONGEST.index(name) if name in LONGEST else len(LONGEST),
        item.get_closest_marker("processes") is None,
    )
