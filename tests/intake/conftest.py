"""A person, a batch of hers, a client that sends into it, and a folder for the parts of one test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from batches.engine import lifecycle
from batches.models import UploadBatch
from tests.intake.sender import PICTURE
from tests.intake.tus_client import TusClient
from tests.support.users import make_user
from tests.support.web_server import Site


@pytest.fixture(autouse=True)
def parts(settings: Settings, tmp_path: Path) -> Path:
    """The folder of the part files, empty and not yet made."""
    settings.PARTIAL_ROOT = tmp_path / "parts"
    return tmp_path / "parts"


@pytest.fixture
def ada(transactional_db: None) -> User:
    return make_user("ada")


@pytest.fixture
def batch(ada: User) -> UploadBatch:
    return lifecycle.open_batch(ada.id, "Iceland")


@pytest.fixture
def tus(ada: User) -> TusClient:
    return TusClient(ada, Origin="http://localhost")


@pytest.fixture
def site(worker_env: dict[str, str], parts: Path, tmp_path: Path) -> Iterator[Site]:
    """The whole site, with the parts of this test."""
    site = Site(worker_env | {"VUEMANTICS_PARTIAL_DIR": str(parts)}, tmp_path / "site.log")
    yield site
    site.kill()


@pytest.fixture
def cookie(tus: TusClient) -> str:
    """Ada's session as a header."""
    return tus.headers["Cookie"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The picture as a file."""
    path = tmp_path / "big.jpg"
    path.write_bytes(PICTURE)
    return path
