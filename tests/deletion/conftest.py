"""A media folder for each test, so that the test can check every file in it."""

from pathlib import Path

import pytest
from pytest_django import Settings

from uploads.storage import prepare_storage


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    """The media folder. It contains a folder for originals, as a mounted disk does."""
    folder = tmp_path / "media"
    backend = {"BACKEND": "uploads.storage.disk.DiskStorage", "OPTIONS": {"location": folder}}
    settings.STORAGES = settings.STORAGES | {"default": backend}
    prepare_storage()
    (folder / "originals" / "00").mkdir()
    settings.MEDIA_ROOT = folder
    settings.PARTIAL_ROOT = tmp_path / "parts"
    return folder
