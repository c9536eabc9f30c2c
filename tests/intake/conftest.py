"""Fixtures for the intake tests: a user, a batch, tus clients, web servers and a folder for partial files."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from batches.engine import lifecycle
from batches.models import UploadBatch
from tests.intake.resuming_client import PICTURE
from tests.intake.tus_client import TusClient
from tests.support.servers import Services
from tests.support.users import make_user
from tests.support.web_server import Site


@pytest.fixture(autouse=True)
def partial_root(settings: Settings, tmp_path: Path) -> Path:
    """The folder for partial files, which does not exist yet."""
    settings.PARTIAL_ROOT = tmp_path / "partial"
    return tmp_path / "partial"


@pytest.fixture
def ada(transactional_db: None) -> User:
    return make_user("ada")


@pytest.fixture
def batch(ada: User) -> UploadBatch:
    return lifecycle.open_batch(ada.id, "Iceland")


@pytest.fixture
def browser(ada: User) -> Client:
    """A client signed in as Ada."""
    client = Client()
    client.force_login(ada)
    return client


@pytest.fixture
def tus(ada: User) -> TusClient:
    return TusClient(ada, Origin="http://localhost")


@pytest.fixture(scope="module")
def site_of_module(process_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One web server for all tests in a module, with its own folder for partial files."""
    folder = tmp_path_factory.mktemp("site")
    site = Site(process_env | {"VUEMANTICS_PARTIAL_DIR": str(folder / "partial")}, folder / "site.log")
    yield site
    site.kill()


@pytest.fixture
def site(site_of_module: Site, all_services: Services, settings: Settings, transactional_db: None) -> Site:
    """The module's web server, which a test may kill. The test's PARTIAL_ROOT is the server's folder."""
    if site_of_module.process.poll() is not None or site_of_module.stops_seen != all_services.stops:
        site_of_module.kill()
        site_of_module.start()
        site_of_module.stops_seen = all_services.stops
    settings.PARTIAL_ROOT = site_of_module.log.parent / "partial"
    return site_of_module


@pytest.fixture
def cookie(tus: TusClient) -> str:
    """The Cookie header with Ada's session."""
    return tus.headers["Cookie"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that contains the picture."""
    path = tmp_path / "big.jpg"
    path.write_bytes(PICTURE)
    return path
