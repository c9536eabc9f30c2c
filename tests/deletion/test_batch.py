"""A deleted batch disappears immediately, its rows and files are removed later, and shared pictures are kept."""

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from batches import services
from batches.engine import claim, finish_item, incoming, lifecycle, reanalyse
from batches.engine.announce import announce_items
from batches.engine.delete_batch import begin_deletion, delete_chunk, finish_deletion
from batches.engine.expiry import finish_without_missing
from batches.engine.refusals import BatchClosed
from batches.intake.partial_file import locked_partial
from batches.intake.partial_paths import partial_path
from batches.live import batch_snapshot
from batches.models import BatchItem, UploadBatch
from batches.models.states import BatchStatus, ItemStatus
from batches.models.storage_key import storage_key
from batches.worker.cleanup import clean_up
from tests.deletion.stored_files import add, finish_all, make_deletions_due, store, stored_names
from tests.support.batches import assert_counters_match, digest, make_batch
from uploads.models import Embedding, FileDeletion, Upload

pytestmark = pytest.mark.django_db(transaction=True)


def delete_and_purge(user: User, batch: UploadBatch) -> None:
    """Delete a batch and run the cleanup twice, each time after making all file deletions due."""
    assert services.delete_batch(services.owner_scope(user), batch.id)
    make_deletions_due()
    clean_up()
    make_deletions_due()
    clean_up()


def test_deleted_batch_removes_its_files_and_keeps_shared_pictures(owner: User) -> None:
    batch, other = make_batch(owner, 5), make_batch(owner, 2, "Garden")
    for each in (batch, other):
        finish_all(each)
        lifecycle.seal_batch(each.id)
    mine = [item.upload for item in batch.items.order_by("id").select_related("upload") if item.upload]
    shared = mine[0]
    copy = add(other, shared)
    for upload in Upload.objects.all():
        store(upload)
    lifecycle.seal_batch(other.id)

    delete_and_purge(owner, batch)

    kept = list(Upload.objects.order_by("id"))
    assert [upload.id for upload in kept if upload.id in {each.id for each in mine}] == [shared.id]
    assert stored_names() == {name for upload in kept for name in names_of(upload)}
    assert Embedding.objects.filter(upload=shared).count() == 1
    copy.refresh_from_db()
    assert (copy.status, copy.upload_id, copy.result) == (ItemStatus.COMPLETED, shared.id, "duplicate")
    assert_counters_match(other)
    assert (other.status, other.successful) == (BatchStatus.COMPLETED, 3)
    assert not UploadBatch.all_objects.filter(id=batch.id).exists()
    assert not FileDeletion.objects.exists()


def names_of(upload: Upload) -> set[str]:
    upload.refresh_from_db()
    return {f"originals/{upload.key.hex[:2]}/{upload.key.hex}", *upload.previews.values()}


def test_deletion_of_two_batches_with_the_same_pictures_removes_all(owner: User) -> None:
    batch, other = make_batch(owner, 3), make_batch(owner, 0, "Garden")
    for upload in Upload.objects.all():
        Upload.objects.filter(id=upload.id).update(processed_at=timezone.now())
        add(other, store(upload))

    assert services.delete_batch(services.owner_scope(owner), batch.id)
    delete_and_purge(owner, other)

    assert not UploadBatch.all_objects.exists()
    assert not BatchItem.objects.exists()
    assert not Upload.objects.exists()
    assert not stored_names()


@pytest.mark.parametrize("paused", [True, False])
def test_deleted_batch_is_invisible_at_once_and_starts_no_file(owner: User, *, paused: bool) -> None:
    batch = make_batch(owner, 3)
    if paused:
        services.pause_batch(services.owner_scope(owner), batch.id)
    in_hand = None if paused else claim.claim_item(batch.id, 4711)

    assert services.delete_batch(services.owner_scope(owner), batch.id)

    row = UploadBatch.all_objects.get(id=batch.id)
    assert (row.status, row.completed_at is None) == (BatchStatus.CANCELLED, False)
    assert not UploadBatch.objects.exists()
    assert batch_snapshot.read_snapshot(batch.id) is None
    assert claim.claim_item(batch.id, 4711) is None
    with pytest.raises(services.NotFound):
        services.retry_failed(services.owner_scope(owner), batch.id)
    with pytest.raises(BatchClosed):
        incoming.register_item(batch.id, incoming.NewFile("b.jpg", "b.jpg", digest("b"), 1))
    clean_up()
    assert in_hand is None or not finish_item.complete_item(in_hand)
    assert not UploadBatch.all_objects.exists()


def test_deletion_is_idempotent_until_the_batch_is_gone(owner: User) -> None:
    batch = make_batch(owner, 1)

    assert services.delete_batch(services.owner_scope(owner), batch.id)
    assert not services.delete_batch(services.owner_scope(owner), batch.id)
    clean_up()

    with pytest.raises(services.NotFound):
        services.delete_batch(services.owner_scope(owner), batch.id)


def test_deleted_batch_removes_its_reanalyses(owner: User) -> None:
    batch = make_batch(owner, 2)
    finish_all(batch)
    lifecycle.seal_batch(batch.id)
    again = reanalyse.reanalyse_batch(batch.id)
    assert again is not None
    in_hand = claim.claim_item(again, 4711)
    assert in_hand is not None

    delete_and_purge(owner, batch)

    assert not finish_item.complete_item(in_hand)
    assert not UploadBatch.all_objects.exists()
    assert not Upload.objects.exists()


def test_deleted_reanalysis_keeps_the_pictures(owner: User) -> None:
    batch = make_batch(owner, 2)
    finish_all(batch)
    lifecycle.seal_batch(batch.id)
    again = reanalyse.reanalyse_batch(batch.id)
    assert again is not None

    delete_and_purge(owner, UploadBatch.objects.get(id=again))

    assert UploadBatch.all_objects.get() == batch
    assert Upload.objects.count() == 2
    assert_counters_match(batch)


def test_reanalysis_of_the_library_keeps_no_pictures(owner: User) -> None:
    batch, other = make_batch(owner, 3), make_batch(owner, 1, "Garden")
    for each in (batch, other):
        finish_all(each)
        lifecycle.seal_batch(each.id)
    Upload.objects.update(processed_at=timezone.now())
    again = UploadBatch.objects.get(id=reanalyse.reanalyse_library(owner.id, "model", only_missing=False) or 0)
    done, running = (claim.claim_item(again.id, 4711) for _ in range(2))
    assert done is not None
    assert running is not None
    assert finish_item.complete_item(done)

    delete_and_purge(owner, batch)

    assert list(Upload.objects.values_list("id")) == list(other.items.values_list("upload_id"))
    assert not finish_item.complete_item(running)
    finish_all(again)
    assert_counters_match(again)
    assert list(again.items.order_by("id").values_list("status", "error_code")) == [
        ("completed", ""),
        ("failed", "item.gone"),
        ("completed", ""),
        ("completed", ""),
    ]


def test_counters_are_correct_between_any_two_steps(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batches.engine.delete_batch.CHUNK", 2)
    batch = make_batch(owner, 7)
    for _ in range(3):
        claimed = claim.claim_item(batch.id, 4711)
        assert claimed is not None
        finish_item.complete_item(claimed) if claimed.item_id % 2 else finish_item.fail_item(claimed, "x", "It failed.")
    services.delete_batch(services.owner_scope(owner), batch.id)

    left = []
    while delete_chunk(batch.id)[0]:
        batch = UploadBatch.all_objects.get(id=batch.id)
        assert_counters_match(batch)
        left.append(batch.total)

    assert left == [5, 3, 1, 0]
    assert finish_deletion(batch.id)


def test_partial_file_and_truncated_original_are_removed(owner: User) -> None:
    batch = lifecycle.open_batch(owner.id, "Iceland")
    item, _ = incoming.register_item(batch.id, incoming.NewFile("a.jpg", "a.jpg", digest("a"), 100))
    with locked_partial(item.id) as part:
        part.append(b"half of it")
    name = f"originals/{storage_key(item.id).hex[:2]}/{storage_key(item.id).hex}"
    default_storage.save(name, ContentFile(b"stored by an intake that was cut off before its commit"))

    services.delete_batch(services.owner_scope(owner), batch.id)
    clean_up()

    assert not partial_path(item.id).exists()
    assert default_storage.exists(name)  # not deleted yet, because a request may still be storing it
    make_deletions_due()
    clean_up()
    assert not default_storage.exists(name)


def test_files_that_never_arrived_have_no_stored_files_to_delete(owner: User) -> None:
    batch = lifecycle.open_batch(owner.id, "Garden")
    files = [incoming.NewFile(f"{number}.jpg", f"{number}.jpg", digest(number), 10) for number in range(3)]
    announce_items(batch.id, files, lambda ids, total: None)
    begun, _ = incoming.register_item(batch.id, files[1])
    finish_without_missing(batch.id)
    begin_deletion(batch.id)

    assert delete_chunk(batch.id) == (3, [begun.id])

    assert [deletion.key for deletion in FileDeletion.objects.all()] == [storage_key(begun.id)]
