"""pytest plugin: real PostgreSQL and Redis for the tests.

Loaded by `-p tests.support.servers` (pyproject.toml), since pytest-django reads the settings before any conftest. The
servers live in a throw-away folder and start with the first test that uses them. TEST_DATABASE_URL and TEST_REDIS_URL
(or DATABASE_URL and REDIS_URL) name others instead. With pytest-xdist each process has servers of its own: tests empty,
stop and kill them.
"""

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import redis

from vuemantics.localstack import LocalServices, StartError


@dataclass
class Services:
    """The servers of this test run; the methods that stop them are for tests of what happens then."""

    folder: Path
    database_url: str = ""
    redis_url: str = ""
    stops: int = 0
    local: LocalServices = field(init=False)

    def __post_init__(self) -> None:
        self.local = LocalServices(self.folder, durable=False)
        self.own_database, self.own_redis = not self.database_url, not self.redis_url
        self.database_url = self.database_url or self.local.database_url
        self.redis_url = self.redis_url or self.local.redis_url

    def start(self) -> None:
        """Start the servers that are not running."""
        if self.own_database or self.own_redis:
            self.local.start(postgres=self.own_database, redis=self.own_redis)

    def stop(self) -> None:
        """Stop the servers and remove their files."""
        self.local.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def stop_redis(self) -> None:
        """Kill Redis and lose its data; `start` starts an empty one."""
        self._end(self.local.redis.process, signal.SIGKILL)

    def stop_postgres(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """SIGQUIT: an immediate shutdown, recovery at the next start. SIGINT: an orderly one."""
        self._end(self.local.postgres.process, how)

    def _end(self, child: subprocess.Popen[bytes] | None, how: signal.Signals) -> None:
        if child is None:
            pytest.skip("needs the embedded servers")
        self.stops += 1
        child.send_signal(how)
        child.wait(60)


def configured_url(name: str) -> str:
    """The URL from the environment that replaces an embedded server, or nothing."""
    return os.environ.get(f"TEST_{name}") or os.environ.get(name, "")


def refuse_used_redis(url: str) -> None:
    """The tests empty Redis: a REDIS_URL set for something else must not lose its data."""
    with redis.Redis.from_url(url) as client:
        if not os.environ.get("TEST_REDIS_URL") and client.dbsize():
            pytest.exit("REDIS_URL holds data, and the tests empty it: name another database by TEST_REDIS_URL.", 4)


services_key = pytest.StashKey[Services]()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """Set the URLs of the servers before pytest-django reads the settings."""
    folder = Path(tempfile.mkdtemp(prefix="vuemantics-test-"))
    if os.getuid() == 0:
        folder.chmod(0o711)  # root's PostgreSQL runs as another user
    services = Services(folder, configured_url("DATABASE_URL"), configured_url("REDIS_URL"))
    atexit.register(services.stop)
    if not is_xdist_controller(early_config):
        os.environ.update(DATABASE_URL=services.database_url, REDIS_URL=services.redis_url)
    os.environ.update(
        VUEMANTICS_VAR=str(folder / "var"), SECRET_KEY="for the tests only, long enough for the checks of a real one"
    )
    # WhiteNoise warns if there is no folder. Storage without a folder counts as unavailable.
    for name in ("static", "media/originals", "media/previews"):
        (folder / "var" / name).mkdir(parents=True)
    early_config.stash[services_key] = services
    return (yield)


def is_xdist_controller(config: pytest.Config) -> bool:
    """Whether this process only distributes the tests (pytest-xdist); the workers inherit its environment."""
    return bool(config.known_args_namespace.numprocesses) and "PYTEST_XDIST_WORKER" not in os.environ


def start(services: Services) -> None:
    """Start the servers before the first test that uses them, or end pytest with the reason in one line."""
    if not services.own_redis:
        refuse_used_redis(services.redis_url)
    try:
        services.start()
    except StartError as error:
        pytest.exit(str(error), 4)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers, also after failures. If pytest is killed, they end with it."""
    if services_key in config.stash:
        config.stash[services_key].stop()
