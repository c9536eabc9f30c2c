"""One S3 server for all tests in this folder, and a new bucket for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.support.bucket_server import Bucket, MotoServer, use_new_bucket


@pytest.fixture(scope="session")
def moto_server() -> Iterator[MotoServer]:
    server = MotoServer()
    yield server
    server.stop()


@pytest.fixture
def bucket(moto_server: MotoServer, settings: Settings, tmp_path: Path) -> Iterator[Bucket]:
    """A new bucket in which this process stores its files. If the test stops the server, it is started again."""
    yield use_new_bucket(moto_server, settings, tmp_path / "partial")
    moto_server.start()
