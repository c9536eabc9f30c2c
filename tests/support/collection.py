"""pytest plugin: mark the tests that start processes, keep the others together by module, run the longest first."""

from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
# Tests in these folders or with these fixtures start web servers, workers, browsers, a bucket or their own stack.
PROCESS_FOLDERS = {"backup", "browser", "chaos", "localstack", "media", "s3", "server", "settings"}
PROCESS_FIXTURES = {"process_env", "web_server", "make_server", "bucket"}
# A long test that starts last leaves the other cores idle.
LONGEST = [
    "browser/test_page_states.py",
    "browser/test_upload_many.py",
    "localstack/test_run.py",
    "chaos/test_chaos_page.py",
    "test_end_to_end.py",
    "engine/test_worker_processes.py",
    "chaos/test_chaos_kills.py",
    "deletion/test_chaos.py",
    "localstack/test_demo.py",
    "chaos/test_chaos_commands.py",
    "deletion/test_state_machine.py",
    "engine/test_state_machine.py",
]


@pytest.hookimpl(trylast=True)
def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the tests that start processes, so that `make test-fast` can skip them.

    The other tests of a module run in one process of pytest-xdist, so that what they cache is computed once.
    """
    folder = item.path.relative_to(TESTS).parts[0]
    if folder in PROCESS_FOLDERS or PROCESS_FIXTURES & set(getattr(item, "fixturenames", ())):
        item.add_marker("processes")
    else:
        item.add_marker(pytest.mark.xdist_group(str(item.path.relative_to(TESTS))))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the tests so that the cores stay busy. Tests of equal rank keep their shuffled order.

    Browser tests come first and stay together, because they share one browser per process. Then tests that start
    processes, which mostly wait, alternate with tests that only compute. The longest come first.
    """
    browser = [item for item in items if item.path.parent.name == "browser"]
    rest = [item for item in items if item.path.parent.name != "browser"]
    waiting = [item for item in rest if item.get_closest_marker("processes")]
    computing = [item for item in rest if not item.get_closest_marker("processes")]
    items[:] = sorted(browser, key=_rank) + _alternate(sorted(waiting, key=_rank), sorted(computing, key=_rank))


def _rank(item: pytest.Item) -> int:
    name = str(item.path.relative_to(TESTS))
    return LONGEST.index(name) if name in LONGEST else len(LONGEST)


def _alternate(waiting: list[pytest.Item], computing: list[pytest.Item]) -> list[pytest.Item]:
    """Put an equal number of computing tests after each waiting test."""
    share = len(computing) // (len(waiting) + 1)
    mixed = []
    for number, item in enumerate(waiting):
        mixed += [item, *computing[number * share : (number + 1) * share]]
    return mixed + computing[len(waiting) * share :]
