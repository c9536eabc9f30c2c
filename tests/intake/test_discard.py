"""A partial file is removed only under its lock, so exactly the hashed bytes are stored."""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

import pytest
from django.contrib.auth.models import User
from django.db import connections
from pytest_django import Settings

from batches import services
from batches.engine.cancel import cancel_batch
from batches.intake.discard import discard_if_unneeded
from batches.intake.partial_cleanup import PartialCleaner
from batches.intake.partial_file import locked_partial
from batches.intake.partial_paths import partial_path
from batches.intake.tus.completion import current_state
from batches.intake.tus.protocol_error import TusError
from batches.models import BatchItem, UploadBatch
from batches.models.storage_key import storage_key
from batches.worker.cleanup import clean_up
from tests.intake.tus_client import TusClient
from tests.support.images import encoded, textured
from uploads.models import Upload
from uploads.storage import is_stored, local_copy, store_original
from uploads.storage.disk import DiskStorage

pytestmark = pytest.mark.django_db(transaction=True)
JPEG = encoded(textured(320, 240), "JPEG")


class InterruptedDisk(DiskStorage):
    """A storage that, before it stores a file, runs the calls in `before` on another thread."""

    before: ClassVar[list[Callable[[], object]]] = []

    def store_file(self, source: Path, name: str) -> None:
        while self.before:
            on_a_thread(self.before.pop(0))
        super().store_file(source, name)


@pytest.fixture(autouse=True)
def before_store(settings: Settings) -> list[Callable[[], object]]:
    """A list to which a test adds the calls to run before the next file is stored."""
    place = settings.STORAGES["default"] | {"BACKEND": f"{__name__}.InterruptedDisk"}
    settings.STORAGES = settings.STORAGES | {"default": place}
    InterruptedDisk.before.clear()
    return InterruptedDisk.before


def on_a_thread(work: Callable[[], object]) -> object:
    def run() -> object:
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()


def assert_stored_as_hashed() -> None:
    upload = Upload.objects.get()
    with local_copy(upload.key) as path:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    assert found == upload.sha256 == hashlib.sha256(JPEG).hexdigest()


def test_stale_head_leaves_the_partial_file_that_another_request_finalizes(
    tus: TusClient, batch: UploadBatch, before_store: list[Callable[[], object]]
) -> None:
    location = tus.create_with(batch.id, "a.jpg", len(JPEG), JPEG[:10]).headers["location"]
    assert tus.request("DELETE", location).status == 204
    stale = BatchItem.objects.select_related("batch").get()  # the row as read by a HEAD request
    assert tus.create(batch.id, "a.jpg", len(JPEG)).status == 201
    third: list[int] = []

    def stale_head() -> None:
        with pytest.raises(TusError):
            current_state(stale)

    before_store += [stale_head, lambda: third.append(tus.patch(location, 0, JPEG[:100]).status)]

    assert tus.patch(location, 0, JPEG).status == 204

    assert third == [423]
    assert_stored_as_hashed()


def test_locked_file_is_stored_whatever_has_its_name(
    tus: TusClient, batch: UploadBatch, partial_root: Path, before_store: list[Callable[[], object]]
) -> None:
    def swap() -> None:
        path = partial_path(BatchItem.objects.get().id)
        path.rename(partial_root / "aside")
        path.write_bytes(b"another file")

    before_store.append(swap)

    tus.send(batch.id, "a.jpg", JPEG)

    assert_stored_as_hashed()
    assert partial_path(BatchItem.objects.get().id).read_bytes() == b"another file"


def test_partial_file_of_a_receiving_item_is_kept(tus: TusClient, batch: UploadBatch) -> None:
    location = tus.create_with(batch.id, "a.jpg", len(JPEG), JPEG[:10]).headers["location"]

    discard_if_unneeded(BatchItem.objects.get().id)

    assert tus.head(location).offset == 10


def test_batch_deleted_while_the_last_bytes_arrive_is_reported_as_gone(
    tus: TusClient, batch: UploadBatch, ada: User, partial_root: Path, before_store: list[Callable[[], object]]
) -> None:
    before_store += [lambda: services.delete_batch(services.owner_scope(ada), batch.id), clean_up]

    answer = tus.send(batch.id, "a.jpg", JPEG)

    assert answer.status == 410
    assert not list(partial_root.iterdir())
    assert not Upload.objects.exists()


def test_partial_file_removed_with_its_batch_is_not_reported_as_a_disk_error(
    tus: TusClient, batch: UploadBatch, ada: User, before_store: list[Callable[[], object]]
) -> None:
    item_path: list[Path] = []
    before_store += [
        lambda: item_path.append(partial_path(BatchItem.objects.get().id)),
        lambda: item_path[0].unlink(),
        lambda: services.delete_batch(services.owner_scope(ada), batch.id),
        clean_up,
    ]

    assert tus.send(batch.id, "a.jpg", JPEG).status == 410


@pytest.mark.parametrize("how", ["cancelled", "withdrawn"])
def test_original_without_a_row_is_removed_with_the_partial_file(tus: TusClient, batch: UploadBatch, how: str) -> None:
    location = tus.create(batch.id, "a.jpg", len(JPEG)).headers["location"]
    item = BatchItem.objects.get()
    with locked_partial(item.id) as partial:
        partial.append(JPEG)
        store_original(partial.path, storage_key(item.id))

    if how == "cancelled":
        cancel_batch(batch.id)
        PartialCleaner().clean()
    else:
        assert tus.request("DELETE", location).status == 204

    assert not is_stored(storage_key(item.id))
    assert not partial_path(item.id).exists()


def test_original_with_a_row_is_kept_when_a_partial_file_is_removed(tus: TusClient, batch: UploadBatch) -> None:
    tus.send(batch.id, "a.jpg", JPEG)
    item = BatchItem.objects.get()
    partial_path(item.id).write_bytes(JPEG)

    discard_if_unneeded(item.id)

    assert not partial_path(item.id).exists()
    assert_stored_as_hashed()
