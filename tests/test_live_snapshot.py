"""What is read for a batch's page, and how little it costs."""

import uuid

import pytest
from django.contrib.auth.models import User
from django.db.models import F
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from batches import progress
from batches.models import BatchItem, UploadBatch
from batches.states import BatchStatus, ItemStatus, Stage
from tests.people import make_person
from tests.rows import fill


@pytest.fixture
def anna(transactional_db: None) -> User:
    return make_person("anna")


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


def snapshot_of(batch: UploadBatch, before: progress.Snapshot | None = None) -> progress.Snapshot:
    found = progress.read_snapshot(batch.id, before)
    assert found is not None
    return found


def test_snapshot_of_a_smooth_batch_costs_two_queries(
    anna: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    batch = fill(anna, 12)
    take(batch, 9, Stage.DESCRIBING)

    with django_assert_num_queries(2):
        snapshot = snapshot_of(batch)

    assert [(file.name, file.step) for file in snapshot.in_hand][:2] == [("IMG_0000.JPG", 3), ("IMG_0001.JPG", 3)]
    assert (len(snapshot.in_hand), snapshot.in_hand_more, snapshot.waiting) == (8, 1, 3)


def test_snapshot_of_a_finished_batch_costs_one_query(
    anna: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    batch = fill(anna, 1)
    now = timezone.now()
    UploadBatch.objects.filter(id=batch.id).update(
        successful=1, sealed_at=now, completed_at=now, status=BatchStatus.COMPLETED
    )

    with django_assert_num_queries(1):
        assert not snapshot_of(batch).unfinished


def test_snapshot_groups_failures_by_cause_with_names_and_words(anna: User) -> None:
    batch = fill(anna, 10)
    fail(batch, 2, "file.unsupported", "This is a text file.", stored=False)
    fail(batch, 5, "image.truncated", "The picture is incomplete.")

    snapshot = snapshot_of(batch)

    assert snapshot.troubles == (
        progress.Trouble(
            "image.truncated",
            5,
            "The picture is incomplete.",
            ("IMG_0002.JPG", "IMG_0003.JPG", "IMG_0004.JPG"),
            5,
        ),
        progress.Trouble("file.unsupported", 2, "This is a text file.", ("IMG_0000.JPG", "IMG_0001.JPG"), 0),
    )
    assert snapshot.retryable == 0


def test_snapshot_keeps_the_own_words_of_each_cause(anna: User) -> None:
    batch = fill(anna, 2)
    fail(batch, 1, "file.unsupported", "This is a text file.")
    fail(batch, 1, "file.unsupported", "This is a PDF.")

    words = [(trouble.message, trouble.names) for trouble in snapshot_of(batch).troubles]

    assert words == [("This is a text file.", ("IMG_0000.JPG",)), ("This is a PDF.", ("IMG_0001.JPG",))]


def test_snapshot_keeps_known_failures_until_more_come(
    anna: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    batch = fill(anna, 4)
    fail(batch, 1, "image.truncated", "Incomplete.")
    before = snapshot_of(batch)

    with django_assert_num_queries(2):
        assert snapshot_of(batch, before).troubles == before.troubles
    fail(batch, 1, "image.truncated", "Incomplete.")

    assert snapshot_of(batch, before).troubles[0].count == 2


def test_snapshot_of_a_missing_batch_is_none(transactional_db: None) -> None:
    assert progress.read_snapshot(1) is None
