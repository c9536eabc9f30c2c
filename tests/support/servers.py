"""pytest plugin: real PostgreSQL and Redis for the tests.

pyproject.toml loads this plugin with `-p tests.support.servers`, because pytest-django reads the settings before any
conftest. The servers keep their files in a temporary folder and start before the first test that uses them. Set
TEST_DATABASE_URL and TEST_REDIS_URL (or DATABASE_URL and REDIS_URL) to use other servers. Under pytest-xdist each
process gets its own servers, because tests flush, stop and kill them.
"""

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import redis

from tests.support.processes import children
from vuemantics.localstack import LocalServices, StartError


@dataclass
class Services:
    """The servers of this test process. Tests of outages call the methods that stop one of the servers."""

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
        """Kill Redis, which loses its data; `start` then starts an empty Redis."""
        self._end(self.local.redis.process, signal.SIGKILL)

    def stop_postgres(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """Stop PostgreSQL. After SIGQUIT, its next start runs recovery; SIGINT stops it cleanly."""
        self._end(self.local.postgres.process, how)

    @contextmanager
    def frozen_postgres(self) -> Iterator[None]:
        """Stop all processes of PostgreSQL with SIGSTOP while the block runs, as on a suspended machine."""
        if self.local.postgres.process is None:
            pytest.skip("needs the embedded servers")
        main = self.local.postgres.process.pid
        os.kill(main, signal.SIGSTOP)  # stop the main process first, so that it starts no others
        frozen = [main, *children(main)]
        _send(frozen, signal.SIGSTOP)
        try:
            yield
        finally:
            _send(frozen, signal.SIGCONT)

    def _end(self, child: subprocess.Popen[bytes] | None, how: signal.Signals) -> None:
        if child is None:
            pytest.skip("needs the embedded servers")
        self.stops += 1
        child.send_signal(how)
        child.wait(60)


def _send(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def configured_url(name: str) -> str:
    """Return the URL of a server to use instead of the embedded one, or an empty string."""
    return os.environ.get(f"TEST_{name}") or os.environ.get(name, "")


def refuse_used_redis(url: str) -> None:
    """Exit pytest if REDIS_URL names a Redis that contains data, because the tests would delete it."""
    with redis.Redis.from_url(url) as client:
        if not os.environ.get("TEST_REDIS_URL") and client.dbsize():
            pytest.exit("REDIS_URL contains data, which the tests would delete: set TEST_REDIS_URL to another one.", 4)


services_key = pytest.StashKey[Services]()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """Set the URLs of the servers, and remove the developer's own settings, before pytest-django reads the settings."""
    for name in [name for name in os.environ if name.startswith("VUEMANTICS_")]:
        del os.environ[name]
    folder = Path(tempfile.mkdtemp(prefix="vuemantics-test-"))
    if os.getuid() == 0:
        folder.chmod(0o711)  # if root runs pytest, PostgreSQL runs as another user, who needs access here
    services = Services(folder, configured_url("DATABASE_URL"), configured_url("REDIS_URL"))
    atexit.register(services.stop)
    if not is_xdist_controller(early_config):
        os.environ.update(DATABASE_URL=services.database_url, REDIS_URL=services.redis_url)
    os.environ.update(
        VUEMANTICS_VAR=str(folder / "var"), SECRET_KEY="for the tests only, long enough for the checks of a real one"
    )
    # WhiteNoise warns if its folder is missing, and the storage counts as unavailable without its folders.
    for name in ("static", "media/originals", "media/previews"):
        (folder / "var" / name).mkdir(parents=True)
    early_config.stash[services_key] = services
    return (yield)


def is_xdist_controller(config: pytest.Config) -> bool:
    """Return whether this process is the controller of pytest-xdist, which runs no tests.

    The controller must not set the URLs of the servers, because its workers inherit its environment.
    """
    return bool(config.known_args_namespace.numprocesses) and "PYTEST_XDIST_WORKER" not in os.environ


def start(services: Services) -> None:
    """Start the servers before the first test that uses them, or exit pytest with the reason in one line."""
    if not services.own_redis:
        refuse_used_redis(services.redis_url)
    try:
        services.start()
    except StartError as error:
        pytest.exit(str(error), 4)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers, even after failures. If pytest is killed, the servers stop by themselves."""
    if services_key in config.stash:
        config.stash[services_key].stop()
