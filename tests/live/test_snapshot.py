"""The snapshot that a batch's page shows, and the number of queries it takes."""

import uuid

import pytest
from django.contrib.auth.models import User
from django.db.models import F
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from batches.failures import batch_failures
from batches.failures.batch_failures import FailureGroup
from batches.live import batch_snapshot
from batches.models import BatchItem, UploadBatch
from batches.models.states import BatchStatus, ItemStatus, Stage
from tests.support.batches import make_batch


def start_files(batch: UploadBatch, count: int, stage: Stage) -> None:
    ids = BatchItem.objects.filter(batch=batch, status=ItemStatus.PENDING).order_by("id").values("id")[:count]
    BatchItem.objects.filter(id__in=list(ids.values_list("id", flat=True))).update(
        status=ItemStatus.PROCESSING, stage=stage, claim=uuid.uuid4(), worker=1, queue_position=None
    )


def fail(batch: UploadBatch, count: int, code: str, message: str, *, stored: bool = True) -> None:
    ids = list(batch.items.filter(status=ItemStatus.PENDING).order_by("id").values_list("id", flat=True)[:count])
    batch.items.filter(id__in=ids).update(
        status=ItemStatus.FAILED,
        queue_position=None,
        finished_at=timezone.now(),
        error_code=code,
        error_message=message,
    )
    if not stored:
        batch.items.filter(id__in=ids).update(upload=None)
    UploadBatch.objects.filter(id=batch.id).update(failed=F("failed") + count)


def snapshot_of(batch: UploadBatch, before: batch_snapshot.BatchSnapshot | None = None) -> batch_snapshot.BatchSnapshot:
    found = batch_snapshot.read_snapshot(batch.id, before)
    assert found is not None
    return found


def test_snapshot_without_failures_takes_two_queries(
    owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    batch = make_batch(owner, 12)
    start_files(batch, 9, Stage.DESCRIBING)

    with django_assert_num_queries(2):
        snapshot = snapshot_of(batch)

    assert [(file.name, file.step) for file in snapshot.in_progress][:2] == [("IMG_0000.JPG", 3), ("IMG_0001.JPG", 3)]
    assert (len(snapshot.in_progress), snapshot.in_progress_more, snapshot.waiting) == (8, 1, 3)


def test_later_snapshots_of_a_finished_batch_take_one_query(
    owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    batch = make_batch(owner, 1)
    now = timezone.now()
    UploadBatch.objects.filter(id=batch.id).update(
        successful=1, sealed_at=now, completed_at=now, status=BatchStatus.COMPLETED
    )

    first = snapshot_of(batch)

    with django_assert_num_queries(1):
        assert not snapshot_of(batch, first).unfinished


def test_snapshot_groups_failures_by_code_with_file_names(owner: User) -> None:
    batch = make_batch(owner, 10)
    fail(batch, 2, "file.unsupported", "This is a text file.", stored=False)
    fail(batch, 5, "image.truncated", "The picture is incomplete.")

    snapshot = snapshot_of(batch)

    assert snapshot.failures.shown == (
        FailureGroup("image.truncated", 5, "", ("IMG_0002.JPG", "IMG_0003.JPG", "IMG_0004.JPG")),
        FailureGroup("file.unsupported", 2, "This is a text file.", ("IMG_0000.JPG", "IMG_0001.JPG")),
    )
    assert snapshot.failures.stored == {"image.truncated": 5, "file.unsupported": 0}
    assert snapshot.retryable == 0


def test_different_messages_of_a_code_without_text_are_separate_groups(owner: User) -> None:
    batch = make_batch(owner, 2)
    fail(batch, 1, "file.unsupported", "This is a text file.")
    fail(batch, 1, "file.unsupported", "This is a PDF.")

    groups = [(group.message, group.names) for group in snapshot_of(batch).failures.shown]

    assert groups == [("This is a text file.", ("IMG_0000.JPG",)), ("This is a PDF.", ("IMG_0001.JPG",))]


def test_groups_of_one_code_are_one_cause_with_the_number_of_all_its_failures(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_failures, "GROUPS_SHOWN", 3)
    batch = make_batch(owner, 6)
    for size in range(3):
        fail(batch, 1, "file.too_large", f"It is {size} GB large.")
    fail(batch, 2, "new.code", "A new reason.")
    fail(batch, 1, "new.code", "Another reason.")

    causes = snapshot_of(batch).failures.causes

    assert [(cause.count, cause.text.title, len(cause.groups)) for cause in causes] == [
        (2, "A new reason.", 1),
        (3, "The file is too large.", 2),
    ]


def test_different_messages_of_a_code_with_text_are_one_group(owner: User) -> None:
    batch = make_batch(owner, 3)
    for size in range(3):
        fail(batch, 1, "item.internal", f"Mistake at byte {size}.")

    (group,) = snapshot_of(batch).failures.shown

    assert (group.count, group.names) == (3, ("IMG_0000.JPG", "IMG_0001.JPG", "IMG_0002.JPG"))


def test_retryable_failures_beyond_the_shown_groups_are_counted(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_failures, "GROUPS_SHOWN", 2)
    batch = make_batch(owner, 9)
    for size in range(3):
        fail(batch, 2, "file.too_large", f"It is {size} GB large.")
    fail(batch, 1, "item.internal", "A mistake.")
    fail(batch, 1, "upload.expired", "It never came.", stored=False)

    snapshot = snapshot_of(batch)

    assert [group.code for group in snapshot.failures.shown] == ["file.too_large"] * 2
    assert (snapshot.retryable, snapshot.has_missing_files) == (1, True)


def test_failures_are_read_again_only_when_their_number_changes(
    owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    batch = make_batch(owner, 4)
    fail(batch, 1, "image.truncated", "Incomplete.")
    before = snapshot_of(batch)

    with django_assert_num_queries(2):
        assert snapshot_of(batch, before).failures == before.failures
    fail(batch, 1, "image.truncated", "Incomplete.")

    assert snapshot_of(batch, before).failures.shown[0].count == 2


def test_snapshot_of_a_missing_batch_is_none(transactional_db: None) -> None:
    assert batch_snapshot.read_snapshot(1) is None
