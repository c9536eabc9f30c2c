"""Deletions while the same bytes are received, processed or deleted concurrently."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from batches import services
from batches.engine import claim, delete_batch, delete_pictures, finish_item, incoming, lifecycle, reanalyse
from batches.engine.refusals import BatchClosed
from batches.intake.file_name import FileName
from batches.intake.finalize import finalize_item
from batches.intake.partial_file import locked_partial
from batches.intake.partial_paths import partial_path
from batches.intake.receive import receive_file
from batches.models import BatchItem, UploadBatch
from batches.models.states import ItemStatus
from batches.worker.cleanup import clean_up
from tests.deletion.stored_files import make_deletions_due, stored_names
from tests.support.batches import assert_counters_match, digest, make_batch, make_upload
from tests.support.database import blocked
from tests.support.images import encoded, textured
from tests.support.waiting import wait_until
from uploads.models import Upload
from uploads.storage import local_copy, original_name

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
JPEG = encoded(textured(320, 240), "JPEG")


def add_copy(batch: UploadBatch, name: str, folder: Path) -> str:
    """Receive the picture under `name`, as the upload form does. Return the resulting state."""
    path = folder / name
    path.write_bytes(JPEG)
    try:
        with path.open("rb") as stream:
            return receive_file(batch, FileName(name, len(JPEG)), stream).state
    finally:
        connection.close()


def test_same_bytes_received_during_a_deletion_get_a_new_key(owner: User, tmp_path: Path) -> None:
    first, second = lifecycle.open_batch(owner.id, "First"), lifecycle.open_batch(owner.id, "Second")
    add_copy(first, "cat.jpg", tmp_path)
    old = Upload.objects.get()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            assert delete_pictures.delete_pictures([old.id]) == 1
            arrival: Future[str] = pool.submit(add_copy, second, "copy of cat.jpg", tmp_path)
            wait_until(blocked)
        assert arrival.result(60) == "queued"

    make_deletions_due()
    clean_up()
    new = Upload.objects.get()
    assert new.id != old.id
    assert new.key != old.key
    with local_copy(new.key) as path:
        assert path.read_bytes() == JPEG
    assert stored_names() == {original_name(new.key)}
    assert second.items.get().upload == new
    for batch in (first, second):
        assert_counters_match(batch)


def test_deletion_waits_for_bytes_being_linked_and_removes_them(owner: User, tmp_path: Path) -> None:
    batch = lifecycle.open_batch(owner.id, "Garden")
    upload = make_upload(owner, 1)
    item, _ = incoming.register_item(batch.id, incoming.NewFile("a.jpg", "a.jpg", digest("a"), 1))

    def delete_picture() -> int:
        try:
            return delete_pictures.delete_pictures([upload.id])
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            incoming.queue_item(item.id, upload.id)
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # check foreign keys now, as a commit would
            deletion_: Future[int] = pool.submit(delete_picture)
            wait_until(blocked)
        assert deletion_.result(60) == 1

    item.refresh_from_db()
    assert (item.status, item.upload) == (ItemStatus.PENDING, None)
    assert_counters_match(batch)


def test_file_finalized_while_its_batch_is_deleted_leaves_nothing(owner: User) -> None:
    batch = lifecycle.open_batch(owner.id, "Iceland")
    item, _ = incoming.register_item(batch.id, incoming.NewFile("a.jpg", "a.jpg", digest("a"), len(JPEG)))
    with locked_partial(item.id) as part:
        part.append(JPEG)
        services.delete_batch(services.owner_scope(owner), batch.id)
        assert delete_batch.delete_chunk(batch.id) == (1, [item.id])

        with pytest.raises(BatchClosed):
            finalize_item(item, owner.id, part)

    assert not partial_path(item.id).exists()
    assert not stored_names()
    assert not Upload.objects.exists()


def test_concurrent_deletion_of_batches_with_a_shared_picture_removes_it(owner: User) -> None:
    batch, other = make_batch(owner, 1), make_batch(owner, 1, "Garden")
    shared = batch.items.get().upload_id or 0
    other.items.update(upload=shared)
    for each in (batch, other):
        services.delete_batch(services.owner_scope(owner), each.id)

    def step() -> int:
        try:
            return delete_batch.delete_chunk(other.id)[0]
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            assert delete_batch.delete_chunk(batch.id)[0] == 1
            assert Upload.objects.filter(id=shared).exists()
            second: Future[int] = pool.submit(step)
            wait_until(blocked)
        assert second.result(60) == 1

    assert not Upload.objects.filter(id=shared).exists()
    assert not BatchItem.objects.exists()


def test_chunks_of_two_library_reanalyses_do_not_wait_for_each_other(owner: User) -> None:
    make_batch(owner, 1)
    Upload.objects.update(processed_at=timezone.now())
    batches = []
    for model in ("old", "new"):
        batches.append(reanalyse.reanalyse_library(owner.id, model, only_missing=False) or 0)
        services.delete_batch(services.owner_scope(owner), batches[-1])

    def step() -> int:
        try:
            return delete_batch.delete_chunk(batches[1])[0]
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        assert delete_batch.delete_chunk(batches[0])[0] == 1
        assert pool.submit(step).result(60) == 1

    assert Upload.objects.count() == 1


def process_batch(batch: UploadBatch) -> None:
    """Claim and complete the batch's items, and update each picture's row. Close the thread's connection."""
    try:
        while claimed := claim.claim_item(batch.id, 4711):
            picture = Upload.objects.filter(id=claimed.upload_id or 0)
            finish_item.complete_item(claimed, partial(_write, picture))
    finally:
        connection.close()


def _write(picture: "QuerySet[Upload]") -> None:
    picture.update(description="Described.")


def remove_batch(owner: User, batch: UploadBatch) -> None:
    try:
        services.delete_batch(services.owner_scope(owner), batch.id)
        clean_up()
    finally:
        connection.close()


def remove_pictures(ids: list[int]) -> None:
    try:
        for start in range(0, len(ids), 5):
            delete_pictures.delete_pictures(ids[start : start + 5])
    finally:
        connection.close()


def test_concurrent_deletions_and_finishes_do_not_deadlock(owner: User) -> None:
    batches = [make_batch(owner, 40, f"B{number}") for number in range(4)]
    pictures = list(Upload.objects.order_by("id").values_list("id", flat=True))
    for batch in batches[1:]:
        for item, upload in zip(batch.items.order_by("-id")[:20], pictures[:20], strict=True):
            BatchItem.objects.filter(id=item.id).update(upload=upload)

    strangers = set(Upload.objects.filter(items=None))
    with ThreadPoolExecutor(7) as pool:
        done = [pool.submit(process_batch, batch) for batch in batches]
        done += [pool.submit(remove_batch, owner, batch) for batch in batches[:2]]
        done += [pool.submit(remove_pictures, pictures[:40])]
        for each in done:
            each.result(60)
    clean_up()

    assert set(UploadBatch.all_objects.values_list("id", flat=True)) == {batches[2].id, batches[3].id}
    for batch in batches[2:]:
        assert_counters_match(batch)
    assert set(Upload.objects.filter(items=None)) == strangers
    assert Upload.objects.exclude(items=None).distinct().count() == 40


@pytest.mark.parametrize("reanalysis", ["library", "text", "selection"])
def test_pictures_of_a_reanalysis_that_starts_during_the_deletion_of_their_import_are_deleted(
    owner: User, reanalysis: str
) -> None:
    batch = make_batch(owner, 3)
    pictures = list(batch.items.values_list("upload_id", flat=True))
    Upload.objects.update(processed_at=timezone.now())
    services.delete_batch(services.owner_scope(owner), batch.id)
    start: Callable[[], int | None] = {
        "library": partial(reanalyse.reanalyse_library, owner.id, "model", only_missing=False),
        "text": partial(reanalyse.read_library_text, owner.id, "model"),
        "selection": partial(reanalyse.reanalyse_selection, owner.id, pictures),
    }[reanalysis]

    def delete() -> int:
        try:
            return delete_batch.delete_chunk(batch.id)[0]
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            assert start()
            deletion: Future[int] = pool.submit(delete)
            wait_until(blocked)
        assert deletion.result(60) == 3

    assert not Upload.objects.exists()
