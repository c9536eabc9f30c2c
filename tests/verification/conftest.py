"""Each test gets its own media folder."""

from pathlib import Path

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    """Use a new media folder beside the folder for partial files, and permit verification of 1 GiB a day."""
    folder = tmp_path / "media"
    disk = {"BACKEND": "uploads.storage.disk.DiskStorage", "OPTIONS": {"location": folder}}
    settings.STORAGES = settings.STORAGES | {"default": disk}
    settings.PARTIAL_ROOT = tmp_path / "partial"
    settings.VERIFY_BYTES_PER_DAY = 2**30
    return folder
