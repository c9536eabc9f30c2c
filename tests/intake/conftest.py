"""Fixtures for the intake tests: a user, a batch, clients, a web server, a picture and a folder for partial files."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from batches.engine import lifecycle
from batches.models import UploadBatch
from tests.intake.resuming_client import PICTURE
from tests.intake.tus_client import TusClient
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
    client = Client()
    client.force_login(ada)
    return client


@pytest.fixture
def tus(ada: User) -> TusClient:
    return TusClient(ada, Origin="http://localhost")


@pytest.fixture
def site(shared_site: Site, settings: Settings, partial_root: Path) -> Site:
    """The shared web server. Sets `PARTIAL_ROOT` in this process to the server's folder."""
    settings.PARTIAL_ROOT = settings.VAR / "parts"
    return shared_site


@pytest.fixture
def cookie(tus: TusClient) -> str:
    """The Cookie header of Ada's session."""
    return tus.headers["Cookie"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "big.jpg"
    path.write_bytes(PICTURE)
    return path
