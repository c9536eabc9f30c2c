"""Which pictures a re-analysis queues, when it is refused, and which earlier results it keeps."""

import threading

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from batches.engine import cancel, claim, finish_item, incoming, lifecycle, retry
from batches.engine.reanalyse import read_library_text, reanalyse_batch, reanalyse_library
from batches.engine.refusals import Refused
from batches.intake.register import register_file
from batches.models import UploadBatch
from batches.models.states import BatchKind, BatchStatus, ItemResult, ItemStatus
from tests.support import imports
from tests.support.batches import assert_counters_match, digest, make_batch, next_batch_id
from uploads.models import Upload

pytestmark = pytest.mark.django_db(transaction=True)
WORKER = 4711


def finish_all(batch: UploadBatch, *, well: bool = True) -> None:
    """Complete every pending item of `batch`, or fail them if `well` is false."""
    while claimed := claim.claim_item(batch.id, WORKER):
        assert finish_item.complete_item(claimed) if well else finish_item.fail_item(claimed, "x", "It failed.")


def described(owner: User, files: int) -> UploadBatch:
    batch = make_batch(owner, files)
    finish_all(batch)
    lifecycle.seal_batch(batch.id)
    return reload(batch.id)


def reload(batch_id: int | None) -> UploadBatch:
    assert batch_id is not None
    return UploadBatch.objects.get(id=batch_id)


def test_reanalysis_queues_every_picture_once_in_the_order_of_the_source(owner: User) -> None:
    batch = make_batch(owner, 3)
    first = batch.items.order_by("id")[0]
    copy, _ = incoming.register_item(batch.id, incoming.NewFile("copy.jpg", "copy.jpg", "c" * 64, 1000))
    incoming.complete_duplicate(copy.id, first.upload_id or 0)
    refused, _ = incoming.register_item(batch.id, incoming.NewFile("a.txt", "a.txt", "a" * 64, 1))
    incoming.reject_item(refused.id, "file.unsupported", "It is a text.")
    finish_all(batch)
    lifecycle.seal_batch(batch.id)

    again = reload(reanalyse_batch(batch.id))

    assert (again.owner_id, again.name, again.kind, again.source_id) == (owner.id, "Iceland", "reanalysis", batch.id)
    assert (again.status, again.total, again.percent) == (BatchStatus.PROCESSING, 3, 0)
    assert again.sealed_at is not None
    facts = ("upload_id", "filename", "relative_path")
    items = again.items.order_by("queue_position")
    assert list(items.values_list(*facts)) == list(
        batch.items.order_by("id").filter(relative_path__startswith="Iceland/").values_list(*facts)
    )
    assert items.filter(status=ItemStatus.PENDING, queue_position=F("id"), attempts=0).count() == 3
    assert_counters_match(again)


def test_reanalysis_skips_files_without_a_picture(owner: User) -> None:
    batch = make_batch(owner, 3)
    broken = claim.claim_item(batch.id, WORKER)
    assert broken is not None
    finish_item.fail_item(broken, "image.corrupt", "The picture is damaged.")
    finish_all(batch)
    lifecycle.seal_batch(batch.id)

    again = reload(reanalyse_batch(batch.id))

    assert again.total == 2
    assert broken.upload_id not in again.items.values_list("upload_id", flat=True)


@pytest.mark.parametrize("result", [ItemResult.ARCHIVE, ItemResult.SIDECAR])
def test_reanalysis_skips_archives_and_sidecars(owner: User, result: ItemResult) -> None:
    batch = described(owner, 2)
    other = batch.items.earliest("id")
    batch.items.filter(id=other.id).update(result=result)

    again = reload(reanalyse_batch(batch.id))

    assert list(again.items.values_list("upload_id", flat=True)) == [batch.items.latest("id").upload_id]


def test_batch_without_a_described_picture_is_not_reanalysed(owner: User) -> None:
    batch = make_batch(owner, 2)
    finish_all(batch, well=False)
    lifecycle.seal_batch(batch.id)

    assert reanalyse_batch(batch.id) is None


def test_reanalysis_fingerprints_depend_only_on_the_pictures(owner: User) -> None:
    batch = described(owner, 2)
    first = reload(reanalyse_batch(batch.id))
    finish_all(first)

    second = reload(reanalyse_batch(batch.id))

    prints = list(first.items.order_by("id").values_list("upload_id", "fingerprint"))
    assert prints == list(second.items.order_by("id").values_list("upload_id", "fingerprint"))
    assert [len(digits) for _, digits in prints] == [64, 64]


def test_reanalysis_completes_by_itself(owner: User) -> None:
    again = reload(reanalyse_batch(described(owner, 2).id))

    finish_all(again)

    assert reload(again.id).status == BatchStatus.COMPLETED
    assert_counters_match(again)


def test_second_reanalysis_is_refused_while_one_is_live(owner: User) -> None:
    batch = described(owner, 1)
    again = reload(reanalyse_batch(batch.id))

    with pytest.raises(Refused) as refusal:
        reanalyse_batch(batch.id)

    assert refusal.value.code == "batch.reanalysis_running"
    cancel.cancel_batch(again.id)
    assert reanalyse_batch(batch.id) is not None


def test_reanalysis_of_a_reanalysis_uses_its_source(owner: User) -> None:
    batch = described(owner, 1)
    first = reload(reanalyse_batch(batch.id))
    finish_all(first)

    second = reload(reanalyse_batch(first.id))

    assert second.source_id == batch.id
    with pytest.raises(Refused, match="already"):
        reanalyse_batch(first.id)


def test_reanalysis_of_a_library_reanalysis_covers_the_library(owner: User) -> None:
    described(owner, 2)
    Upload.objects.update(processed_at=timezone.now())
    library = reload(reanalyse_library(owner.pk, "local", only_missing=False))
    finish_all(library)

    again = reload(reanalyse_batch(library.id))

    assert (again.model, again.source_id, again.total) == ("local", None, 2)


def test_concurrent_commands_create_one_reanalysis(owner: User) -> None:
    batch = described(owner, 20)
    outcomes: list[object] = []

    def command() -> None:
        try:
            outcomes.append(reanalyse_batch(batch.id))
        except Refused as refusal:
            outcomes.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=command) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes.count("batch.reanalysis_running") == 4
    assert_counters_match(batch.reanalyses.get())


@pytest.mark.parametrize("status", [BatchStatus.PROCESSING, BatchStatus.PAUSED, BatchStatus.CANCELLED])
def test_batch_that_is_not_completed_is_not_reanalysed(owner: User, status: BatchStatus) -> None:
    batch = make_batch(owner, 1)
    is_cancelled = status == BatchStatus.CANCELLED
    UploadBatch.objects.filter(id=batch.id).update(
        status=status, cancelling=is_cancelled, completed_at=batch.created_at if is_cancelled else None
    )

    assert reanalyse_batch(batch.id) is None
    assert not batch.reanalyses.exists()


def test_batch_without_pictures_creates_no_empty_reanalysis(owner: User) -> None:
    batch = lifecycle.open_batch(owner.id, "Empty")
    lifecycle.seal_batch(batch.id)

    assert reanalyse_batch(batch.id) is None
    assert UploadBatch.objects.count() == 1


def test_crash_before_the_commit_leaves_nothing(owner: User) -> None:
    batch = described(owner, 2)

    with transaction.atomic():
        assert reanalyse_batch(batch.id)
        transaction.set_rollback(True)

    assert UploadBatch.objects.count() == 1
    assert reanalyse_batch(batch.id)


@pytest.mark.parametrize("end", ["fail", "cancel"])
def test_failed_or_cancelled_reanalysis_keeps_the_old_results(owner: User, end: str) -> None:
    batch = described(owner, 1)
    Upload.objects.update(description="A glacier.", processed_at=batch.created_at)
    before = list(Upload.objects.values())
    again = reload(reanalyse_batch(batch.id))

    if end == "fail":
        finish_all(again, well=False)
    else:
        cancel.cancel_batch(again.id)

    assert list(Upload.objects.values()) == before
    assert_counters_match(again)


def test_retry_of_an_older_reanalysis_is_refused_while_a_newer_one_runs(owner: User) -> None:
    batch = described(owner, 1)
    older = reload(reanalyse_batch(batch.id))
    finish_all(older, well=False)
    newer = reload(reanalyse_batch(batch.id))

    with pytest.raises(Refused) as refusal:
        retry.retry_failed(older.id)

    assert refusal.value.code == "batch.reanalysis_running"
    assert_counters_match(older)
    finish_all(newer)
    assert retry.retry_failed(older.id) == 1
    assert_counters_match(older)


def test_reanalysis_accepts_no_files(owner: User) -> None:
    again = reload(reanalyse_batch(described(owner, 1).id))

    with pytest.raises(Refused) as refusal:
        register_file(again, incoming.NewFile("a.jpg", "a.jpg", digest("a"), 10))

    assert refusal.value.code == "batch.reanalysis"
    assert_counters_match(again)


def test_import_is_scheduled_before_a_reanalysis(owner: User) -> None:
    again = reload(reanalyse_batch(described(owner, 1).id))
    new = make_batch(owner, 1, "Garden")

    batch_ids = [next_batch_id(), next_batch_id()]
    finish_all(new)

    assert batch_ids == [new.id, new.id]
    assert next_batch_id() == again.id


def test_reanalysis_without_its_source_can_be_reanalysed(owner: User) -> None:
    batch = described(owner, 1)
    again = reload(reanalyse_batch(batch.id))
    finish_all(again)

    batch.delete()

    third = reload(reanalyse_batch(again.id))
    assert (third.kind, third.source_id, third.total) == (BatchKind.REANALYSIS, again.id, 1)


def test_batch_that_reads_text_is_not_reanalysed(owner: User) -> None:
    described(owner, 1)
    Upload.objects.update(processed_at=timezone.now())
    batch = reload(read_library_text(owner.pk, "ocr"))
    finish_all(batch)

    assert reload(batch.id).status == BatchStatus.COMPLETED
    assert reanalyse_batch(batch.id) is None
    assert not UploadBatch.objects.filter(kind=BatchKind.REANALYSIS).exists()


def test_reanalysis_keeps_only_an_edited_description(owner: User) -> None:
    batch = make_batch(owner, 1)
    imports.finish_all(batch, description="A dog.", description_model="local")
    lifecycle.seal_batch(batch.id)
    Upload.objects.update(description="Our dog Rex.", description_edited=True)

    imports.finish_all(reload(reanalyse_batch(batch.id)), description="A wolf.", description_model="x", width=9)

    upload = Upload.objects.get()
    assert (upload.description, upload.description_model, upload.width) == ("Our dog Rex.", "local", 9)
