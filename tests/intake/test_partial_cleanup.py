"""The cleanup removes partial files that are no longer needed and finalizes complete ones."""

import os
import time
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from batches.engine import incoming, lifecycle
from batches.engine.cancel import cancel_batch
from batches.intake import partial_cleanup
from batches.intake.file_name import FileName
from batches.intake.partial_cleanup import PartialCleaner
from batches.intake.partial_file import locked_partial
from batches.intake.partial_paths import partial_path
from batches.models import BatchItem, UploadBatch
from batches.worker import cleanup
from batches.worker.reconciler import reconcile
from tests.intake.tus_client import TusClient
from tests.support.batches import assert_counters_match
from tests.support.images import encoded, textured
from uploads.models import Upload

pytestmark = pytest.mark.django_db(transaction=True)
JPEG = encoded(textured(320, 240), "JPEG")
LONG_AGO = 8 * 24 * 3600.0


def partial_of(batch: UploadBatch, name: str, data: bytes, age: float = 0.0) -> BatchItem:
    """Create an item whose partial file contains `data`, received `age` seconds ago."""
    item, _ = incoming.register_item(batch.id, FileName(name, len(JPEG)).as_new_file())
    with locked_partial(item.id) as partial:
        partial.append(data)
    then = time.time() - age
    os.utime(partial_path(item.id), (then, then))
    return item


def test_cleanup_removes_only_expired_files(batch: UploadBatch) -> None:
    old = partial_of(batch, "old.jpg", JPEG[:9], LONG_AGO)
    young = partial_of(batch, "young.jpg", JPEG[:9], 3600)

    removed = PartialCleaner().clean()

    old.refresh_from_db()
    assert (removed, partial_path(old.id).exists(), partial_path(young.id).exists()) == (1, False, True)
    assert (old.status, old.error_code) == ("failed", "upload.expired")
    assert_counters_match(batch)


def test_cleanup_leaves_a_locked_file(batch: UploadBatch) -> None:
    item = partial_of(batch, "old.jpg", JPEG[:9], LONG_AGO)

    with locked_partial(item.id):
        removed = PartialCleaner().clean()

    assert (removed, partial_path(item.id).read_bytes()) == (0, JPEG[:9])
    assert batch.items.get().status == "receiving"


def test_cleanup_removes_files_of_cancelled_finished_and_deleted_items(
    batch: UploadBatch, ada: User, tus: TusClient, partial_root: Path
) -> None:
    cancelled = lifecycle.open_batch(ada.id, "Cancelled")
    partial_of(cancelled, "a.jpg", JPEG[:9])
    cancel_batch(cancelled.id)
    finished = tus.create_with(batch.id, "b.jpg", len(JPEG), JPEG).headers["location"].rpartition("/")[2]
    (partial_root / finished).write_bytes(JPEG)
    (partial_root / "999999").write_bytes(b"of a deleted item")
    (partial_root / "README").write_text("not ours")

    removed = PartialCleaner().clean()

    assert removed == 3
    assert [path.name for path in partial_root.iterdir()] == ["README"]
    assert_counters_match(batch)


def test_cleanup_finalizes_complete_files(batch: UploadBatch, partial_root: Path) -> None:
    partial_of(batch, "cat.jpg", JPEG, partial_cleanup.IDLE_SECONDS + 1)

    PartialCleaner().clean()

    assert batch.items.get().status == "pending"
    assert Upload.objects.count() == 1
    assert not list(partial_root.iterdir())
    assert_counters_match(batch)


def test_cleanup_handles_many_files_in_rounds(
    batch: UploadBatch, partial_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partial_cleanup, "MAX_FILES", 2)
    for number in range(5):
        partial_of(batch, f"{number}.jpg", JPEG[:9], LONG_AGO)
    cleaner = PartialCleaner()

    assert [cleaner.clean() for _ in range(4)] == [2, 2, 1, 0]
    assert not list(partial_root.iterdir())


def test_cleanup_runs_at_intervals(batch: UploadBatch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleanup, "partial_cleaner", PartialCleaner())
    first = partial_of(batch, "first.jpg", JPEG[:9], LONG_AGO)
    cleanup.clean_up()
    second = partial_of(batch, "second.jpg", JPEG[:9], LONG_AGO)

    cleanup.clean_up()

    assert (partial_path(first.id).exists(), partial_path(second.id).exists()) == (False, True)


def test_recovery_does_not_wait_for_the_cleanup(batch: UploadBatch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleanup, "partial_cleaner", PartialCleaner())
    whole = partial_of(batch, "whole.jpg", JPEG, LONG_AGO)

    reconcile()
    left = partial_path(whole.id).exists()
    cleanup.clean_up()

    assert (left, partial_path(whole.id).exists()) == (True, False)


def test_cleanup_without_a_folder_does_nothing(settings: Settings, tmp_path: Path) -> None:
    settings.PARTIAL_ROOT = tmp_path / "missing"

    assert PartialCleaner().clean_if_due() == 0
