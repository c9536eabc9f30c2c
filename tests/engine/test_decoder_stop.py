"""Pausing and cancelling take effect while a file is being decoded."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection

from batches.engine import cancel, pause
from batches.engine.claim import claim_item
from batches.engine.cpu_slots import slots
from batches.engine.heartbeat import beat
from batches.engine.runner import run_job
from batches.models import UploadBatch
from batches.models.states import ItemStatus
from tests.support.endless_file import reader_waits
from tests.test_end_to_end import send
from uploads.storage import local_copy

pytestmark = pytest.mark.django_db(transaction=True)
WORKER = 4711
SAMPLES = Path(__file__).resolve().parents[2] / "samples"


@pytest.fixture
def batch(owner: User) -> UploadBatch:
    return send(owner, [SAMPLES / "coffee.jpg"])


@pytest.fixture
def endless(batch: UploadBatch) -> Iterator[Path]:
    """A FIFO without data in place of the batch's stored file, so that its decoder waits."""
    upload = batch.items.get().upload
    assert upload is not None
    with local_copy(upload.key) as path:
        path.unlink()
        os.mkfifo(path)
        yield path
        path.unlink(missing_ok=True)


@pytest.mark.parametrize(
    ("command", "status"),
    [(pause.pause_batch, ItemStatus.PENDING), (cancel.cancel_batch, ItemStatus.CANCELLED)],
    ids=["pause", "cancel"],
)
def test_file_in_the_middle_of_a_decode_is_stopped(
    command: Callable[[int], object], status: ItemStatus, batch: UploadBatch, endless: Path
) -> None:
    claimed = claim_item(batch.id, WORKER)
    assert claimed is not None

    def work() -> None:
        run_job(claimed)
        connection.close()

    with ThreadPoolExecutor() as pool:
        working = pool.submit(work)
        with reader_waits(endless):
            command(batch.id)
            beat(WORKER)
            working.result(60)

    assert batch.items.get().status == status
    assert slots.acquire(blocking=False), "the core is still occupied"
    slots.release()
