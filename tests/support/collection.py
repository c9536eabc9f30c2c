"""pytest plugin: mark the tests that start processes, keep modules together, and run the longest tests first."""

import gc
import sys
from functools import cache
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

TESTS = Path(__file__).parents[1]
# Tests in these folders or with these fixtures start programs such as web servers, workers, browsers or a whole stack.
PROCESS_FOLDERS = {"backup", "browser", "chaos", "localstack", "media", "s3", "server", "settings"}
PROCESS_FIXTURES = {"process_env", "web_server", "make_server", "bucket"}
# All tests of such a folder run in one pytest process, because each process would start its own expensive server.
ONE_PROCESS_FOLDERS = {"s3"}
# In these folders, all tests of a module run in one pytest process, so that they share the processes that they start.
ONE_PROCESS_MODULES = {"media"}
# These modules start first among those of their kind, because a long test that starts last leaves the other cores idle.
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

# Collecting tests creates millions of objects. With the default thresholds, a tenth of the time would be spent on
# garbage collection.
gc.set_threshold(20_000, 20, 50)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even import a folder if `make test-fast` would skip all its tests."""
    skipped = collection_path.parent == TESTS and collection_path.name in PROCESS_FOLDERS
    return True if skipped and "not processes" in config.option.markexpr else None


@cache
def _relative(path: Path) -> Path:
    return path.relative_to(TESTS)


@pytest.hookimpl(trylast=True)
def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the tests that start processes, so that `make test-fast` can skip them."""
    folder = _relative(item.path).parts[0]
    if folder in PROCESS_FOLDERS or PROCESS_FIXTURES & set(getattr(item, "fixturenames", ())):
        item.add_marker("processes")


class ModuleScheduling(LoadScopeScheduling):
    """Run the tests of a module in one pytest-xdist process, so that cached values are computed once.

    Tests in PROCESS_FOLDERS take a long time, so each of them runs in the next free process, except in
    ONE_PROCESS_FOLDERS and ONE_PROCESS_MODULES.
    """

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        folder = Path(module).parts[1]
        if folder in ONE_PROCESS_FOLDERS:
            return folder
        return nodeid if folder in PROCESS_FOLDERS - ONE_PROCESS_MODULES else module


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ModuleScheduling:
    """Return the scheduler. `--dist loadgroup` has no effect with pytest 9.2 and pytest-xdist 3.8."""
    return ModuleScheduling(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Exclude modules and tests from further garbage collection, and hide Twisted's own test framework.

    `twisted.internet.testing` imports that framework, and pytest would then read the metadata of Twisted before each
    test, which takes 2 ms.
    """
    sys.modules.pop("twisted.trial.unittest", None)
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the tests to keep all cores busy. Tests of equal rank keep their shuffled order.

    Browser tests come first and stay together, because they share one browser per process. Then tests that start
    processes, which mostly wait, alternate with tests that only compute. Within each kind, the longest come first.
    """
    browser = [item for item in items if item.path.parent.name == "browser"]
    rest = [item for item in items if item.path.parent.name != "browser"]
    waiting = [item for item in rest if item.get_closest_marker("processes")]
    computing = [item for item in rest if not item.get_closest_marker("processes")]
    items[:] = sorted(browser, key=_rank) + _alternate(sorted(waiting, key=_rank), sorted(computing, key=_rank))


def _rank(item: pytest.Item) -> int:
    name = str(_relative(item.path))
    return LONGEST.index(name) if name in LONGEST else len(LONGEST)


def _alternate(waiting: list[pytest.Item], computing: list[pytest.Item]) -> list[pytest.Item]:
    """Put an equal number of computing tests after each waiting test."""
    share = len(computing) // (len(waiting) + 1)
    mixed = []
    for number, item in enumerate(waiting):
        mixed += [item, *computing[number * share : (number + 1) * share]]
    return mixed + computing[len(waiting) * share :]
