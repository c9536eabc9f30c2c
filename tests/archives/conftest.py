"""Fixtures and helpers for batches with archives."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django.fixtures import Settings

from batches.engine import claim, lifecycle
from batches.engine.runner import run_job
from batches.intake.file_name import FileName
from batches.intake.receive import receive_file
from batches.models import UploadBatch
from tests.support.images import encoded, textured
from uploads.models import Upload

WORKER = 4711
Send = Callable[..., UploadBatch]


def picture(number: int) -> bytes:
    """Return a small JPEG, a different one for each `number`."""
    return encoded(textured(32, 24, number), "JPEG")


def run_jobs(batch: UploadBatch, processed: bool = True) -> None:
    """Run all jobs of a batch. If `processed` is true, mark its pictures as processed, without analysing them."""
    while claimed := claim.claim_item(batch.id, WORKER):
        if claimed.upload_kind == "image" and not claimed.already_processed and processed:
            Upload.objects.filter(id=claimed.upload_id or 0).update(processed_at=timezone.now())
        run_job(claimed)
    batch.refresh_from_db()


@pytest.fixture(autouse=True)
def processor(settings: Settings) -> None:
    """Unpack archives, but do not analyse pictures."""
    settings.PROCESSOR = "tests.support.processors.unpacking"


@pytest.fixture
def send(owner: User) -> Send:
    """A function that adds `files`, a dict of paths and contents, to a batch (by default, a new one) and seals it."""

    def send(files: dict[str, bytes], batch: UploadBatch | None = None) -> UploadBatch:
        batch = batch or lifecycle.open_batch(owner.id, "Takeout")
        for path, data in files.items():
            name = FileName(Path(path).name, len(data), path, "1")
            receive_file(batch, name, io.BytesIO(data))
        lifecycle.seal_batch(batch.id)
        batch.refresh_from_db()
        return batch

    return send
