"""The sweep of the parts: what nobody needs goes, everything else stays."""

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from batches.engine import incoming, lifecycle
from batches.engine.cancel import cancel_batch
from batches.intake import partial_cleanup
from batches.intake.file_name import FileName
from batches.intake.partial_cleanup import PartialAction, PartialCleaner, choose_action
from batches.intake.partial_file import locked_partial
from batches.intake.partial_paths import PartialFacts, partial_path
from batches.models import BatchItem, UploadBatch
from batches.models.states import FINISHED_ITEMS, BatchStatus, ItemStatus
from batches.worker import cleanup
from batches.worker.reconciler import reconcile
from tests.intake.tus_client import TusClient
from tests.support.batches import assert_counters_true
from tests.support.images import encoded, textured
from uploads.models import Upload

JPEG = encoded(textured(320, 240), "JPEG")
LONG_AGO = 8 * 24 * 3600.0


def part_of(batch: UploadBatch, name: str, data: bytes, age: float = 0.0) -> BatchItem:
    """A file that stopped after these bytes, so many seconds ago."""
    item, _ = incoming.register_item(batch.id, FileName(name, len(JPEG)).as_new_file())
    with locked_partial(item.id) as part:
        part.append(data)
    then = time.time() - age
    os.utime(partial_path(item.id), (then, then))
    return item


@pytest.mark.django_db(transaction=True)
def test_sweep_takes_only_what_expired(batch: UploadBatch) -> None:
    old = part_of(batch, "old.jpg", JPEG[:9], LONG_AGO)
    young = part_of(batch, "young.jpg", JPEG[:9], 3600)

    removed = PartialCleaner().clean()

    old.refresh_from_db()
    assert (removed, partial_path(old.id).exists(), partial_path(young.id).exists()) == (1, False, True)
    assert (old.status, old.error_code) == ("failed", "upload.expired")
    assert_counters_true(batch)


@pytest.mark.django_db(transaction=True)
def test_sweep_leaves_a_part_that_is_held(batch: UploadBatch) -> None:
    item = part_of(batch, "old.jpg", JPEG[:9], LONG_AGO)

    with locked_partial(item.id):
        removed = PartialCleaner().clean()

    assert (removed, partial_path(item.id).read_bytes()) == (0, JPEG[:9])
    assert batch.items.get().status == "receiving"


@pytest.mark.django_db(transaction=True)
def test_sweep_takes_parts_of_cancelled_finished_and_vanished_files(
    batch: UploadBatch, ada: User, tus: TusClient, parts: Path
) -> None:
    cancelled = lifecycle.open_batch(ada.id, "Cancelled")
    part_of(cancelled, "a.jpg", JPEG[:9])
    cancel_batch(cancelled.id)
    finished = tus.create_with(batch.id, "b.jpg", len(JPEG), JPEG).headers["location"].rpartition("/")[2]
    (parts / finished).write_bytes(JPEG)
    (parts / "999999").write_bytes(b"of a row that is gone")
    (parts / "README").write_text("somebody's own")

    removed = PartialCleaner().clean()

    assert removed == 3
    assert [path.name for path in parts.iterdir()] == ["README"]
    assert_counters_true(batch)


@pytest.mark.django_db(transaction=True)
def test_sweep_ends_what_a_crash_left_complete(batch: UploadBatch, parts: Path) -> None:
    part_of(batch, "cat.jpg", JPEG, partial_cleanup.IDLE_SECONDS + 1)

    PartialCleaner().clean()

    assert batch.items.get().status == "pending"
    assert Upload.objects.count() == 1
    assert not list(parts.iterdir())
    assert_counters_true(batch)


@pytest.mark.django_db(transaction=True)
def test_sweep_goes_through_many_parts_in_rounds(
    batch: UploadBatch, parts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partial_cleanup, "MAX_FILES", 2)
    for number in range(5):
        part_of(batch, f"{number}.jpg", JPEG[:9], LONG_AGO)
    sweeper = PartialCleaner()

    assert [sweeper.clean() for _ in range(4)] == [2, 2, 1, 0]
    assert not list(parts.iterdir())


@pytest.mark.django_db(transaction=True)
def test_cleaner_sweeps_at_times_only(batch: UploadBatch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleanup, "partial_cleaner", PartialCleaner())
    first = part_of(batch, "first.jpg", JPEG[:9], LONG_AGO)
    cleanup.clean_up()
    second = part_of(batch, "second.jpg", JPEG[:9], LONG_AGO)

    cleanup.clean_up()

    assert (partial_path(first.id).exists(), partial_path(second.id).exists()) == (False, True)


@pytest.mark.django_db(transaction=True)
def test_recovery_waits_for_no_part(batch: UploadBatch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleanup, "partial_cleaner", PartialCleaner())
    whole = part_of(batch, "whole.jpg", JPEG, LONG_AGO)

    reconcile()
    left = partial_path(whole.id).exists()
    cleanup.clean_up()

    assert (left, partial_path(whole.id).exists()) == (True, False)


@pytest.mark.django_db(transaction=True)
def test_sweep_without_a_folder_does_nothing(settings: Settings, tmp_path: Path) -> None:
    settings.PARTIAL_ROOT = tmp_path / "never made"

    assert PartialCleaner().clean_if_due() == 0


@given(
    status=st.sampled_from(ItemStatus),
    batch_status=st.sampled_from(BatchStatus),
    code=st.sampled_from(["", "item.abandoned", "storage.full", "upload.expired", "file.unsupported"]),
    size=st.integers(1, 10),
    age=st.floats(0, 20 * 24 * 3600),
)
def test_part_of_a_file_that_may_go_on_stays_until_it_expires(
    status: ItemStatus, batch_status: BatchStatus, code: str, size: int, age: float
) -> None:
    batch = UploadBatch(status=batch_status)
    now = timezone.now()
    finished = now - timedelta(seconds=age) if status in FINISHED_ITEMS else None
    item = BatchItem(batch=batch, size=10, status=status, error_code=code, finished_at=finished)

    decided = choose_action(item, PartialFacts(size, now.timestamp() - age), now.timestamp())

    may_come = batch_status != "cancelled" and (
        status == "receiving" or (status == "failed" and code in {"item.abandoned", "storage.full"})
    )
    if may_come and age < 7 * 24 * 3600 - 1:
        assert decided in ({PartialAction.KEEP, PartialAction.FINALIZE} if size == 10 else {PartialAction.KEEP})
    if not may_come:
        assert decided is PartialAction.DISCARD
    if decided is PartialAction.FINALIZE:
        assert (status, size) == ("receiving", 10)
