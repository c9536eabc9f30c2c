"""Uploads with real originals in storage."""

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from uploads.models import Upload
from uploads.storage import original_name


def store(owner: User, content: bytes, name: str = "a.jpg", *, age_days: int = 2, **values: object) -> Upload:
    """Store an original with `content`, received `age_days` days ago, and return its upload."""
    digest = hashlib.sha256(content).hexdigest()
    facts = {"mime_type": "image/jpeg", "kind": "image", "processed_at": timezone.now()} | values
    upload = Upload.objects.create(owner=owner, sha256=digest, filename=name, size=len(content), **facts)
    Upload.objects.filter(id=upload.id).update(created_at=timezone.now() - timedelta(days=age_days))
    default_storage.save(original_name(upload.key), ContentFile(content))
    upload.refresh_from_db()
    return upload


def replace(upload: Upload, content: bytes) -> None:
    """Replace the bytes in storage without changing the database."""
    default_storage.delete(original_name(upload.key))
    default_storage.save(original_name(upload.key), ContentFile(content))


def flip_byte(upload: Upload, content: bytes) -> None:
    """Change the first byte of the original in storage, whose bytes are `content`."""
    replace(upload, bytes([content[0] ^ 1]) + content[1:])


def make_unreadable(upload: Upload, number: int, monkeypatch: pytest.MonkeyPatch, *methods: str) -> None:
    """Make `methods` of the original's path (by default `open`) raise OSError with the errno `number`."""
    damaged = Path(default_storage.path(original_name(upload.key)))
    for name in methods or ("open",):
        monkeypatch.setattr(Path, name, _failing(getattr(Path, name), damaged, OSError(number, "failed")))


def _failing(method: Any, damaged: Path, error: OSError) -> Any:
    def call(path: Path, *args: Any, **options: Any) -> Any:
        if path == damaged:
            raise error
        return method(path, *args, **options)

    return call
