"""A deletion of many files in slow storage does not delay the deletion of other batches."""

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
from tests.deletion.stored import finish_all, store
from tests.support.batches import fill, make_upload
from uploads.models import FileDeletion
from uploads.storage.disk import DiskStorage
from uploads.storage.file_deletion import CHUNK

pytestmark = pytest.mark.django_db(transaction=True)


class Watched(DiskStorage):
    """A storage that tells of each removal."""

    tell: ClassVar[Callable[[], None]]

    def delete_files(self, names: Iterable[str]) -> None:
        """Tell, then remove."""
        type(self).tell()
        super().delete_files(names)


@pytest.fixture
def watched(settings: Settings) -> type[Watched]:
    place = settings.STORAGES["default"] | {"BACKEND": f"{__name__}.Watched"}
    settings.STORAGES = settings.STORAGES | {"default": place}
    return Watched


def test_batch_is_deleted_before_all_files_of_another_deletion_are(
    owner: User, other: User, watched: type[Watched]
) -> None:
    batch = fill(other, 5)
    finish_all(batch)
    store(make_upload(owner, 1))  # the disk is there
    FileDeletion.objects.bulk_create(FileDeletion(key=uuid.uuid4(), due_at=timezone.now()) for _ in range(4 * CHUNK))
    there: list[bool] = []

    def tell() -> None:
        if not there:
            services.delete_batch(services.owner_scope(other), batch.id)
        there.append(UploadBatch.all_objects.filter(id=batch.id).exists())

    watched.tell = tell

    clean_up()

    assert there[:CHUNK] == [True] * CHUNK
    assert there[2 * CHUNK :] == [False] * (2 * CHUNK)
