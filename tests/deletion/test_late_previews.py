"""Previews are written outside of transactions: concurrent changes leave no orphaned ones and remove no valid ones."""

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
from tests.deletion.stored import purge_all, store, stored_names
from tests.support.batches import assert_counters_true, fill, make_upload
from tests.support.images import encoded, textured
from uploads.database import fetch_rows
from uploads.models import FileDeletion, Upload
from uploads.storage import file_deletion, original_name, save_previews
from uploads.storage.file_deletion import schedule_deletion

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def batch(owner: User) -> UploadBatch:
    """A batch with one real picture to come."""
    batch = fill(owner, 1)
    upload = store(Upload.objects.get())
    path = Path(default_storage.path(original_name(upload.key)))
    path.write_bytes(encoded(textured(1200, 900), "JPEG"))
    return batch


@pytest.fixture
def taken(batch: UploadBatch) -> Claim:
    """Its claim."""
    taken = claim.claim_item(batch.id, 4711)
    assert taken is not None
    return taken


@pytest.fixture
def before_write(batch: UploadBatch, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let something happen in the middle of the writing."""
    backend: dict[str, Any] = settings.STORAGES["default"] | {
        "BACKEND": "tests.deletion.intercepted_disk.InterceptedDisk"
    }
    settings.STORAGES = settings.STORAGES | {"default": backend}
    return lambda happens: monkeypatch.setattr(InterceptedDisk, "before_write", staticmethod(happens), raising=False)


def test_writing_previews_holds_no_transaction_and_no_lock(
    batch: UploadBatch, taken: Claim, before_write: Callable[..., None]
) -> None:
    seen: list[tuple[bool, int]] = []

    def touch() -> int:
        try:
            return BatchItem.objects.filter(id=taken.item_id).update(size=F("size") + 1)
        finally:
            connection.close()

    def look() -> None:
        with ThreadPoolExecutor(1) as pool:
            seen.append((connection.in_atomic_block, pool.submit(touch).result(5)))

    before_write(look)

    run_job(taken)

    assert seen == [(False, 1)] * 2
    assert batch.items.get().status == ItemStatus.COMPLETED


@pytest.mark.parametrize("how", ["picture", "batch"])
def test_previews_of_a_picture_deleted_while_writing_are_removed(
    owner: User, batch: UploadBatch, taken: Claim, before_write: Callable[..., None], how: str
) -> None:
    remove: Callable[[], object]
    if how == "picture":
        remove = partial(services.delete_pictures, services.owner_scope(owner), [Upload.objects.get().id])
    else:
        remove = partial(services.delete_batch, services.owner_scope(owner), batch.id)

    def go() -> None:
        remove()
        purge_all()

    before_write(go)

    run_job(taken)

    assert stored_names(), "nothing came late"
    purge_all()
    assert not stored_names()
    assert not FileDeletion.objects.exists()


def test_late_previews_keep_those_of_a_newer_finish(
    batch: UploadBatch, taken: Claim, before_write: Callable[..., None]
) -> None:
    def overtake() -> None:
        before_write(bool)
        release.release_claims([taken])
        again = claim.claim_item(batch.id, 4712)
        assert again is not None
        run_job(again)

    before_write(overtake)

    run_job(taken)
    purge_all()

    upload = Upload.objects.get()
    assert batch.items.get().status == ItemStatus.COMPLETED
    assert stored_names() == {original_name(upload.key), *upload.previews.values()}
    assert_counters_true(batch)


def test_storage_failure_leaves_nothing_of_a_deleted_picture(
    owner: User, taken: Claim, before_write: Callable[..., None]
) -> None:
    def fill_up() -> None:
        services.delete_pictures(services.owner_scope(owner), [Upload.objects.get().id])
        purge_all()
        before_write(fail)

    def fail() -> None:
        raise OSError("full")

    before_write(fill_up)

    run_job(taken)

    assert stored_names(), "nothing came late"
    purge_all()
    assert not stored_names()


def test_previews_written_during_a_purge_are_removed_by_the_next(owner: User) -> None:
    upload = store(make_upload(owner, 1))
    services.delete_pictures(services.owner_scope(owner), [upload.id])
    purge_all()
    taken = fetch_rows(file_deletion.CLAIM_DUE, {"delay": file_deletion.RETRY_DELAY, "doublings": 6, "chunk": 100})
    save_previews(upload.key, {320: b"late"})

    schedule_deletion([upload.key])
    FileDeletion.objects.filter(id__in=[row[0] for row in taken]).delete()
    purge_all()

    assert not stored_names()
