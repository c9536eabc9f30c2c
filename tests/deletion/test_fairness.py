"""Deleting a batch does not have to wait until many other files have been removed."""

import uuid
from collections.abc import Callable, Iterable
from typing import ClassVar

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from batches import services
from batches.models import UploadBatch
from batches.worker.cleanup import clean_up
from tests.deletion.stored_files import finish_all, store
from tests.support.batches import make_batch, make_upload
from uploads.models import FileDeletion
from uploads.storage.disk import DiskStorage
from uploads.storage.file_deletion import CHUNK

pytestmark = pytest.mark.django_db(transaction=True)


class HookedDisk(DiskStorage):
    """A storage that calls `before_delete` before it deletes files."""

    before_delete: ClassVar[Callable[[], None]]

    def delete_files(self, names: Iterable[str]) -> None:
        type(self).before_delete()
        super().delete_files(names)


@pytest.fixture
def hooked_disk(settings: Settings) -> type[HookedDisk]:
    backend = settings.STORAGES["default"] | {"BACKEND": f"{__name__}.HookedDisk"}
    settings.STORAGES = settings.STORAGES | {"default": backend}
    return HookedDisk


def test_batch_is_deleted_before_a_large_file_deletion_ends(
    owner: User, other: User, hooked_disk: type[HookedDisk]
) -> None:
    batch = make_batch(other, 5)
    finish_all(batch)
    store(make_upload(owner, 1))  # creates the storage directory
    FileDeletion.objects.bulk_create(FileDeletion(key=uuid.uuid4(), due_at=timezone.now()) for _ in range(4 * CHUNK))
    batch_exists: list[bool] = []

    def delete_batch_once() -> None:
        if not batch_exists:
            services.delete_batch(services.owner_scope(other), batch.id)
        batch_exists.append(UploadBatch.all_objects.filter(id=batch.id).exists())

    hooked_disk.before_delete = delete_batch_once

    clean_up()

    assert batch_exists[:CHUNK] == [True] * CHUNK
    # On a slow machine, the files of the batch's own pictures are removed too, in further calls.
    assert batch_exists[2 * CHUNK : 4 * CHUNK] == [False] * (2 * CHUNK)
