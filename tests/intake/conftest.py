"""A person, a batch of hers, a client that sends into it, and a folder for the parts of one test."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from batches.engine import arrive
from batches.models import UploadBatch
from tests.intake.tus_client import TusClient
from tests.people import make_person


@pytest.fixture(autouse=True)
def parts(settings: Settings, tmp_path: Path) -> Path:
    """The folder of the part files, empty and not yet made."""
    settings.PARTS_ROOT = tmp_path / "parts"
    return tmp_path / "parts"


@pytest.fixture
def ada(transactional_db: None) -> User:
    return make_person("ada")


@pytest.fixture
def batch(ada: User) -> UploadBatch:
    return arrive.open_batch(ada.id, "Iceland")


@pytest.fixture
def tus(ada: User) -> TusClient:
    return TusClient(ada, Origin="http://localhost")
