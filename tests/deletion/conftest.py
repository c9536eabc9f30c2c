"""Give each test its own folders for media and partial files, so that the test can check every file in them."""

from pathlib import Path

import pytest
from pytest_django import Settings

from uploads.storage import prepare_storage


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    """The test's media folder. Like a mounted disk, it already contains a folder for originals."""
    folder = tmp_path / "media"
    backend = {"BACKEND": "uploads.storage.disk.DiskStorage", "OPTIONS": {"location": folder}}
    settings.STORAGES = settings.STORAGES | {"default": backend}
    prepare_storage()
    (folder / "originals" / "00").mkdir()
    settings.MEDIA_ROOT = folder
    settings.PARTIAL_ROOT = tmp_path / "parts"
    return folder
