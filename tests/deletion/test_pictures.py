"""Deleting pictures also deletes their files, and keeps their batches consistent."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import ClassVar

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.utils import timezone

from batches import services
from batches.engine import claim, finish_item, lifecycle, retry
from batches.engine.heartbeat import beat
from batches.engine.in_flight import Job, JobStopped, in_flight
from batches.engine.process_upload import process_upload
from batches.engine.runner import run_job
from batches.models import UploadBatch
from batches.models.states import BatchStatus, ItemStatus, Stage
from tests.deletion.stored_files import finish_all, purge_all, store, stored_names
from tests.support.batches import assert_counters_match, make_batch
from tests.support.images import encoded, textured
from uploads.models import Embedding, FileDeletion, Upload
from uploads.storage import original_name, save_previews

pytestmark = pytest.mark.django_db(transaction=True)


def picture(batch: UploadBatch, number: int = 0) -> Upload:
    upload = batch.items.order_by("id")[number].upload
    assert upload is not None
    return upload


def test_deleted_picture_loses_files_previews_and_embedding(owner: User) -> None:
    batch = make_batch(owner, 2)
    finish_all(batch)
    lifecycle.seal_batch(batch.id)
    gone, kept = store(picture(batch, 0)), store(picture(batch, 1))

    assert services.delete_pictures(services.owner_scope(owner), [gone.id]) == 1
    purge_all()

    assert Upload.objects.get() == kept
    assert Embedding.objects.get().upload == kept
    assert stored_names() == {original_name(kept.key), *kept.previews.values()}
    assert not FileDeletion.objects.exists()
    item = batch.items.order_by("id")[0]
    assert (item.status, item.upload) == (ItemStatus.COMPLETED, None)
    assert_counters_match(batch)


def test_second_deletion_changes_nothing(owner: User) -> None:
    batch = make_batch(owner, 1)
    upload = picture(batch)

    assert services.delete_pictures(services.owner_scope(owner), [upload.id, upload.id + 1000]) == 1
    assert services.delete_pictures(services.owner_scope(owner), [upload.id]) == 0


def test_pending_file_of_a_deleted_picture_fails_with_a_reason(owner: User) -> None:
    batch = make_batch(owner, 1)
    lifecycle.seal_batch(batch.id)
    services.delete_pictures(services.owner_scope(owner), [picture(batch).id])
    assert_counters_match(batch)

    claimed = claim.claim_item(batch.id, 4711)
    assert claimed is not None
    run_job(claimed)

    item = batch.items.get()
    assert (item.status, item.error_code) == (ItemStatus.FAILED, "item.gone")
    assert_counters_match(batch)
    assert (batch.status, batch.failed) == (BatchStatus.COMPLETED, 1)


def test_file_in_progress_of_a_deleted_picture_fails_at_once_and_a_late_finish_changes_nothing(owner: User) -> None:
    batch = make_batch(owner, 1)
    lifecycle.seal_batch(batch.id)
    claimed = claim.claim_item(batch.id, 4711)
    assert claimed is not None

    services.delete_pictures(services.owner_scope(owner), [picture(batch).id])

    item = batch.items.get()
    assert (item.status, item.error_code, item.upload) == (ItemStatus.FAILED, "item.gone", None)
    assert not finish_item.complete_item(claimed)
    assert_counters_match(batch)
    assert (batch.status, batch.failed) == (BatchStatus.COMPLETED, 1)
    assert not retry.retry_failed(batch.id)


class DeletingJob(Job):
    """A job whose picture and files are deleted just before its previews are written."""

    delete: ClassVar[Callable[[], object]]

    def enter(self, stage: str) -> None:
        Job.enter(self, stage)
        if stage == Stage.INDEXING:
            DeletingJob.delete()
            purge_all()


@pytest.mark.parametrize("how", ["picture", "batch"])
def test_previews_of_a_picture_deleted_during_processing_are_not_written(owner: User, how: str) -> None:
    batch = make_batch(owner, 1)
    upload = store(picture(batch))
    default_path(upload).write_bytes(encoded(textured(320, 240), "JPEG"))
    claimed = claim.claim_item(batch.id, 4711)
    assert claimed is not None
    if how == "picture":
        DeletingJob.delete = partial(services.delete_pictures, services.owner_scope(owner), [upload.id])
    else:
        DeletingJob.delete = partial(services.delete_batch, services.owner_scope(owner), batch.id)

    with pytest.raises(JobStopped):
        process_upload(DeletingJob(claimed))

    assert not finish_item.complete_item(claimed)
    assert not Upload.objects.exists()
    assert not stored_names()
    assert not FileDeletion.objects.exists()


def default_path(upload: Upload) -> Path:
    return Path(default_storage.path(original_name(upload.key)))


def test_previews_of_a_finish_without_database_are_removed_later(owner: User) -> None:
    batch = make_batch(owner, 1)
    upload = picture(batch)
    claimed = claim.claim_item(batch.id, 4711)
    assert claimed is not None
    services.delete_pictures(services.owner_scope(owner), [upload.id])
    purge_all()
    save_previews(upload.key, {320: b"late"})
    in_flight.mark_unreleased(claimed)

    beat(4711)
    purge_all()

    assert not stored_names()


def test_previews_without_a_row_are_removed(owner: User) -> None:
    batch = make_batch(owner, 1)
    upload = store(picture(batch))
    Upload.objects.update(previews={})

    services.delete_pictures(services.owner_scope(owner), [upload.id])
    purge_all()

    assert not stored_names()


def test_picture_of_several_batches_is_unlinked_from_all_of_them(owner: User) -> None:
    batch, other = make_batch(owner, 1), make_batch(owner, 1, "Garden")
    upload = picture(batch)
    other.items.update(upload=upload)
    in_hand = claim.claim_item(other.id, 4711)
    assert in_hand is not None
    Upload.objects.filter(id=upload.id).update(processed_at=timezone.now())

    services.delete_pictures(services.owner_scope(owner), [upload.id])

    for each in (batch, other):
        assert_counters_match(each)
        assert each.items.get().upload is None
    assert other.failed == 1
