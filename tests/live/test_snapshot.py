"""What is read for a batch's page, and how little it costs."""

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
from tests.support.batches import fill


def take(batch: UploadBatch, count: int, stage: Stage) -> None:
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


def test_snapshot_of_a_smooth_batch_costs_two_queries(
    owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    batch = fill(owner, 12)
    take(batch, 9, Stage.DESCRIBING)

    with django_assert_num_queries(2):
        snapshot = snapshot_of(batch)

    assert [(file.name, file.step) for file in snapshot.in_progress][:2] == [("IMG_0000.JPG", 3), ("IMG_0001.JPG", 3)]
    assert (len(snapshot.in_progress), snapshot.in_progress_more, snapshot.waiting) == (8, 1, 3)


def test_snapshot_of_a_finished_batch_costs_one_query(
    owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    batch = fill(owner, 1)
    now = timezone.now()
    UploadBatch.objects.filter(id=batch.id).update(
        successful=1, sealed_at=now, completed_at=now, status=BatchStatus.COMPLETED
    )

    with django_assert_num_queries(1):
        assert not snapshot_of(batch).unfinished


def test_snapshot_groups_failures_by_cause_with_names_and_words(owner: User) -> None:
    batch = fill(owner, 10)
    fail(batch, 2, "file.unsupported", "This is a text file.", stored=False)
    fail(batch, 5, "image.truncated", "The picture is incomplete.")

    snapshot = snapshot_of(batch)

    assert snapshot.failures.shown == (
        FailureGroup("image.truncated", 5, "", ("IMG_0002.JPG", "IMG_0003.JPG", "IMG_0004.JPG")),
        FailureGroup("file.unsupported", 2, "This is a text file.", ("IMG_0000.JPG", "IMG_0001.JPG")),
    )
    assert snapshot.failures.stored == {"image.truncated": 5, "file.unsupported": 0}
    assert snapshot.retryable == 0


def test_snapshot_keeps_the_own_words_of_each_cause(owner: User) -> None:
    batch = fill(owner, 2)
    fail(batch, 1, "file.unsupported", "This is a text file.")
    fail(batch, 1, "file.unsupported", "This is a PDF.")

    words = [(trouble.message, trouble.names) for trouble in snapshot_of(batch).failures.shown]

    assert words == [("This is a text file.", ("IMG_0000.JPG",)), ("This is a PDF.", ("IMG_0001.JPG",))]


def test_snapshot_groups_what_has_the_same_words_whatever_each_message_says(owner: User) -> None:
    batch = fill(owner, 3)
    for size in range(3):
        fail(batch, 1, "item.internal", f"Mistake at byte {size}.")

    (trouble,) = snapshot_of(batch).failures.shown

    assert (trouble.count, trouble.names) == (3, ("IMG_0000.JPG", "IMG_0001.JPG", "IMG_0002.JPG"))


def test_snapshot_counts_all_that_may_be_tried_again_also_what_is_not_shown(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_failures, "GROUPS_SHOWN", 2)
    batch = fill(owner, 9)
    for size in range(3):
        fail(batch, 2, "file.too_large", f"It is {size} GB large.")
    fail(batch, 1, "item.internal", "A mistake.")
    fail(batch, 1, "item.abandoned", "It never came.", stored=False)

    snapshot = snapshot_of(batch)

    assert [trouble.code for trouble in snapshot.failures.shown] == ["file.too_large"] * 2
    assert (snapshot.retryable, snapshot.has_missing_files) == (1, True)


def test_snapshot_keeps_known_failures_until_more_come(
    owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    batch = fill(owner, 4)
    fail(batch, 1, "image.truncated", "Incomplete.")
    before = snapshot_of(batch)

    with django_assert_num_queries(2):
        assert snapshot_of(batch, before).failures == before.failures
    fail(batch, 1, "image.truncated", "Incomplete.")

    assert snapshot_of(batch, before).failures.shown[0].count == 2


def test_snapshot_of_a_missing_batch_is_none(transactional_db: None) -> None:
    assert batch_snapshot.read_snapshot(1) is None
