"""Fixtures for all tests."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import hypothesis
import pytest
import redis
from django.contrib.auth.models import User
from django.db import connection
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.backends.postgresql.creation import DatabaseCreation
from django.test import TransactionTestCase, override_settings
from django.test.client import ClientMixin
from django.utils import translation
from hypothesis import HealthCheck
from pytest_django.fixtures import Settings

from batches.engine import circuit_breaker
from batches.engine.circuit_breaker import breaker
from tests.support.clock import Clock
from tests.support.database import close_async_connection, delete_all_rows, drop_database
from tests.support.servers import Services, services_key, start
from tests.support.users import insert_session, make_user
from tests.support.web_server import Site, WebServer
from tests.support.worker_processes import Workers

StartWorker = Callable[..., Workers]

# Do not fail because a busy machine is slow, or because many generated examples are too large.
hypothesis.settings.register_profile(
    "tests", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
hypothesis.settings.load_profile("tests")


@pytest.fixture(scope="session", autouse=True)
def fast_flush() -> Iterator[None]:
    """After each test that commits, delete its rows in milliseconds instead of running Django's slow flush."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", delete_all_rows)
        yield


@pytest.fixture(scope="session", autouse=True)
def no_static_files() -> Iterator[None]:
    """Prevent each test client from scanning all folders for static files, which takes 50 ms."""
    with override_settings(WHITENOISE_USE_FINDERS=False):
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_sign_in() -> Iterator[None]:
    """Let `force_login` sign in test clients with one SQL statement. Tests of signing in use the sign-in page."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClientMixin, "force_login", insert_session)
        yield


@pytest.fixture(scope="session", autouse=True)
def forced_drop() -> Iterator[None]:
    """Drop the test database even if a test left a session open."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseCreation, "_destroy_test_db", drop_database)
        yield


@pytest.fixture(scope="session")
def all_services(pytestconfig: pytest.Config) -> Services:
    """The running PostgreSQL and Redis. Tests that stop a server must use `services` instead."""
    services = pytestconfig.stash[services_key]
    start(services)
    return services


@pytest.fixture(scope="session")
def django_db_modify_db_settings(all_services: Services, django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Start PostgreSQL and Redis before the test database is created."""


@pytest.fixture
def services(all_services: Services) -> Iterator[Services]:
    """PostgreSQL and Redis. A test may stop them; this fixture restarts them after the test."""
    yield all_services
    all_services.start()
    # If PostgreSQL was stopped, the connections of this thread and of the pool are broken. The pool would try its
    # connections one by one, with growing delays.
    if not connection.in_atomic_block:
        connection.close()
    cast(DatabaseWrapper, connection).close_pool()
    close_async_connection()


@pytest.fixture(scope="session")
def redis_client(all_services: Services) -> Iterator["redis.Redis"]:
    with redis.Redis.from_url(all_services.redis_url) as client:
        yield client


@pytest.fixture(autouse=True)
def empty_redis(redis_client: "redis.Redis") -> None:
    """Delete data that earlier tests left in Redis."""
    redis_client.flushdb()


@pytest.fixture(autouse=True)
def language_of_the_settings() -> Iterator[None]:
    """Reset the language after each test, because a request leaves its language active in the thread."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def closed_breaker() -> Iterator[None]:
    """Reset this process's circuit breaker after each test."""
    yield
    while cause := breaker.open_cause()[0]:
        breaker.reset(cause)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that the test can advance, and that circuit breakers use for their back-off."""
    clock = Clock()
    monkeypatch.setattr(circuit_breaker, "time", clock)
    return clock


@pytest.fixture(scope="session")
def process_env(all_services: Services, django_db_setup: None) -> dict[str, str]:
    """The environment for processes that use the test database."""
    name = str(connection.settings_dict["NAME"])
    url = urlsplit(all_services.database_url)._replace(path=f"/{name}").geturl()
    return os.environ | {
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "tests.support.settings",
        "PYTHONUNBUFFERED": "1",
    }


@pytest.fixture
def worker_env(process_env: dict[str, str], transactional_db: None) -> dict[str, str]:
    """The environment for one test's processes. The test may change it."""
    return dict(process_env)


@pytest.fixture(scope="session")
def shared_site_of_process(process_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site that the tests of this process share. Tests use `shared_site` instead."""
    site = Site(process_env, tmp_path_factory.mktemp("site") / "site.log")
    yield site
    site.stop()


@pytest.fixture
def shared_site(shared_site_of_process: Site, all_services: Services, transactional_db: None) -> Site:
    """The whole site, for tests that do not configure it. A test may kill it.

    The fixture restarts the site if an earlier test killed it, or stopped PostgreSQL or Redis.
    """
    site = shared_site_of_process
    if site.process.poll() is not None or site.stops_seen != all_services.stops:
        site.stop()
        site.start()
        site.stops_seen = all_services.stops
    return site


@pytest.fixture
def start_worker(worker_env: dict[str, str], tmp_path: Path) -> Iterator[StartWorker]:
    """A function that starts real workers: `start_worker(processes=1, threads=2, ready=True, env={…})`."""
    started: list[Workers] = []

    def start(
        processes: int = 1, threads: int = 2, *, ready: bool = True, env: dict[str, str] | None = None
    ) -> Workers:
        log = tmp_path / f"workers-{len(started)}.log"
        workers = Workers(worker_env | (env or {}), log, processes, threads)
        started.append(workers)
        if ready:
            workers.wait_ready()
        return workers

    yield start
    for workers in started:
        workers.kill_all()


@pytest.fixture
def no_grace(settings: Settings) -> None:
    """Disable the grace period that follows each start of the database."""
    settings.GRACE_SECONDS = 0


@pytest.fixture
def owner(transactional_db: None) -> User:
    return make_user("ada")


@pytest.fixture
def other(transactional_db: None) -> User:
    return make_user("bob")


@pytest.fixture(scope="session")
def web_server(all_services: Services, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """One web server with the probe application, shared by all tests that leave it running."""
    server = WebServer(tmp_path_factory.mktemp("web") / "server.log")
    yield server
    server.stop()


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[Callable[[], WebServer]]:
    """A function that starts web servers, which the test may stop."""
    made: list[WebServer] = []

    def make() -> WebServer:
        made.append(WebServer(tmp_path / f"server-{len(made)}.log"))
        return made[-1]

    yield make
    for server in made:
        server.stop()
