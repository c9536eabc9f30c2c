"""Previews are written outside transactions.

Even so, concurrent changes neither leave orphaned previews nor remove valid ones.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.db import connection
from django.db.models import F
from pytest_django import Settings

from batches import services
from batches.engine import claim, release
from batches.engine.in_flight import Claim
from batches.engine.runner import run_job
from batches.models import BatchItem, UploadBatch
from batches.models.states import ItemStatus
from tests.deletion.intercepted_disk import InterceptedDisk
from tests.deletion.stored_files import purge_all, store, stored_names
from tests.support.batches import assert_counters_match, make_batch, make_upload
from tests.support.images import encoded, textured
from uploads.database import fetch_rows
from uploads.models import FileDeletion, Upload
from uploads.storage import file_deletion, original_name, save_previews
from uploads.storage.file_deletion import schedule_deletion

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def batch(owner: User) -> UploadBatch:
    """A batch with one pending file, a real picture."""
    batch = make_batch(owner, 1)
    upload = store(Upload.objects.get())
    path = Path(default_storage.path(original_name(upload.key)))
    path.write_bytes(encoded(textured(1200, 900), "JPEG"))
    return batch


@pytest.fixture
def claimed(batch: UploadBatch) -> Claim:
    """A claim on the batch's only item."""
    claimed = claim.claim_item(batch.id, 4711)
    assert claimed is not None
    return claimed


@pytest.fixture
def before_write(batch: UploadBatch, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A function that sets the function to call before each preview is written."""
    backend: dict[str, Any] = settings.STORAGES["default"] | {
        "BACKEND": "tests.deletion.intercepted_disk.InterceptedDisk"
    }
    settings.STORAGES = settings.STORAGES | {"default": backend}
    return lambda function: monkeypatch.setattr(InterceptedDisk, "before_write", staticmethod(function), raising=False)


def test_writing_previews_holds_no_transaction_and_no_lock(
    batch: UploadBatch, claimed: Claim, before_write: Callable[..., None]
) -> None:
    seen: list[tuple[bool, int]] = []

    def touch() -> int:
        try:
            return BatchItem.objects.filter(id=claimed.item_id).update(size=F("size") + 1)
        finally:
            connection.close()

    def check() -> None:
        with ThreadPoolExecutor(1) as pool:
            seen.append((connection.in_atomic_block, pool.submit(touch).result(60)))

    before_write(check)

    run_job(claimed)

    assert seen == [(False, 1)] * 2
    assert batch.items.get().status == ItemStatus.COMPLETED


@pytest.mark.parametrize("how", ["picture", "batch"])
def test_previews_of_a_picture_deleted_while_writing_are_removed(
    owner: User, batch: UploadBatch, claimed: Claim, before_write: Callable[..., None], how: str
) -> None:
    remove: Callable[[], object]
    if how == "picture":
        remove = partial(services.delete_pictures, services.owner_scope(owner), [Upload.objects.get().id])
    else:
        remove = partial(services.delete_batch, services.owner_scope(owner), batch.id)

    def remove_and_purge() -> None:
        remove()
        purge_all()

    before_write(remove_and_purge)

    run_job(claimed)

    assert stored_names(), "no preview was written after the purge"
    purge_all()
    assert not stored_names()
    assert not FileDeletion.objects.exists()


def test_late_previews_keep_those_of_a_newer_finish(
    batch: UploadBatch, claimed: Claim, before_write: Callable[..., None]
) -> None:
    def finish_elsewhere() -> None:
        before_write(bool)
        release.release_claims([claimed])
        again = claim.claim_item(batch.id, 4712)
        assert again is not None
        run_job(again)

    before_write(finish_elsewhere)

    run_job(claimed)
    purge_all()

    upload = Upload.objects.get()
    assert batch.items.get().status == ItemStatus.COMPLETED
    assert stored_names() == {original_name(upload.key), *upload.previews.values()}
    assert_counters_match(batch)


def test_storage_failure_leaves_nothing_of_a_deleted_picture(
    owner: User, claimed: Claim, before_write: Callable[..., None]
) -> None:
    def remove_and_fail() -> None:
        services.delete_pictures(services.owner_scope(owner), [Upload.objects.get().id])
        purge_all()
        before_write(fail)

    def fail() -> None:
        raise OSError("full")

    before_write(remove_and_fail)

    run_job(claimed)

    assert stored_names(), "no preview was written after the purge"
    purge_all()
    assert not stored_names()


def test_previews_written_during_a_purge_are_removed_by_the_next(owner: User) -> None:
    upload = store(make_upload(owner, 1))
    services.delete_pictures(services.owner_scope(owner), [upload.id])
    purge_all()
    claimed = fetch_rows(file_deletion.CLAIM_DUE, {"delay": file_deletion.RETRY_DELAY, "doublings": 6, "chunk": 100})
    save_previews(upload.key, {320: b"late"})

    schedule_deletion([upload.key])
    FileDeletion.objects.filter(id__in=[row[0] for row in claimed]).delete()
    purge_all()

    assert not stored_names()
