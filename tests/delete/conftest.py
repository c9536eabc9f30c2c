"""A media folder of its own for each test, so that what lies in it can be told to the last file."""

from pathlib import Path

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    """The folder of the stored files, with the folder of all originals as on a disk that is mounted."""
    folder = tmp_path / "media"
    (folder / "originals" / "00").mkdir(parents=True)
    backend = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": folder}}
    settings.STORAGES = settings.STORAGES | {"default": backend}
    settings.MEDIA_ROOT = folder
    settings.PARTS_ROOT = tmp_path / "parts"
    return folder
