"""A bucket of its own for every test, and settings that name it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.s3.bucket_server import BucketServer


@pytest.fixture
def bucket(settings: Settings, tmp_path: Path) -> Iterator[BucketServer]:
    """An S3 server whose bucket this process uses; other processes need its `environment()`."""
    server = BucketServer()
    settings.S3 = server.settings
    settings.STORAGES = settings.STORAGES | {"default": server.settings.storage()}
    settings.PARTIAL_ROOT = tmp_path / "parts"
    yield server
    server.stop()
