"""A batch's estimated time left, which depends on its own files and on other batches."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from batches.engine import incoming
from batches.engine.announce import announce_items
from batches.live.eta import read_eta
from batches.models import BatchItem, UploadBatch
from batches.models.states import BatchKind, BatchStatus, ItemStatus
from tests.support.batches import digest, make_batch
from tests.support.failures import reject_file

pytestmark = pytest.mark.slow


def describe(batch: UploadBatch, count: int, seconds_each: float, *, duplicate: bool = False) -> UploadBatch:
    """Seal the batch and complete `count` of its files, one every `seconds_each` seconds, the last one just now."""
    now = timezone.now()
    ids = list(batch.items.order_by("id").values_list("id", flat=True)[:count])
    for number, id in enumerate(reversed(ids)):
        BatchItem.objects.filter(id=id).update(
            status=ItemStatus.COMPLETED,
            queue_position=None,
            result="duplicate" if duplicate else "new",
            finished_at=now - timedelta(seconds=number * seconds_each),
        )
    UploadBatch.objects.filter(id=batch.id).update(successful=count, sealed_at=now)
    batch.refresh_from_db()
    return batch


def minutes(text: str) -> tuple[int, int]:
    """Return the lower and the upper bound of an estimated time left, in minutes."""
    found = re.fullmatch(r"(\d+)\N{EN DASH}(\d+) minutes left", text)
    assert found, text
    return int(found[1]), int(found[2])


def test_eta_of_a_running_batch_has_throughput_and_range(
    owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    batch = describe(make_batch(owner, 100), 21, 10)

    with django_assert_num_queries(2):
        eta = read_eta(batch)

    assert eta.throughput == "6 files a minute"
    low, high = minutes(eta.time_left)
    # The remaining 79 files take 13 minutes at 6 a minute, so the range must include 13.
    assert 9 <= low <= 12
    assert 14 <= high <= 17
    assert not eta.shared


def test_failed_files_count_towards_the_throughput(owner: User) -> None:
    batch = describe(make_batch(owner, 300), 200, 10)
    ends = list(batch.items.filter(status=ItemStatus.COMPLETED).order_by("id").values_list("id", flat=True))
    BatchItem.objects.filter(id__in=[id for number, id in enumerate(ends) if number % 10]).update(
        status=ItemStatus.FAILED, result="", error_code="image.truncated"
    )
    UploadBatch.objects.filter(id=batch.id).update(successful=20, failed=180)
    batch.refresh_from_db()

    eta = read_eta(batch)

    assert eta.throughput == "6 files a minute"
    low, high = minutes(eta.time_left)
    # 100 files at 6 a minute take 16 to 17 minutes.
    assert low <= 16 <= high


def test_rejected_files_do_not_change_the_throughput(owner: User) -> None:
    batch = describe(make_batch(owner, 100), 21, 10)
    alone = read_eta(batch)
    for number in range(50):
        reject_file(batch, f"{number}.txt")
    batch.refresh_from_db()

    assert read_eta(batch).throughput == alone.throughput


def test_missing_files_count_only_while_they_are_expected(owner: User) -> None:
    batch = describe(make_batch(owner, 100), 21, 10)
    without = minutes(read_eta(batch).time_left)
    files = [incoming.NewFile(f"{number}.jpg", f"{number}.jpg", digest(number), 10) for number in range(100)]
    announce_items(batch.id, files, lambda ids, total: None)
    batch.refresh_from_db()

    sealed = minutes(read_eta(batch).time_left)
    batch.sealed_at = None
    expected = minutes(read_eta(batch).time_left)

    # Counting the missing files would more than double the estimate. The tolerance allows for the time between reads.
    assert sealed[1] - without[1] <= 2
    assert expected[0] > without[1]


@pytest.mark.parametrize(("count", "duplicate"), [(3, False), (50, True)], ids=["too few", "duplicates"])
def test_time_left_is_unknown_without_enough_processed_files(owner: User, count: int, duplicate: bool) -> None:
    eta = read_eta(describe(make_batch(owner, 60), count, 10, duplicate=duplicate))

    assert (eta.time_left, eta.throughput) == ("", "")


def test_files_of_other_users_are_mentioned_and_widen_the_range(owner: User, other: User) -> None:
    batch = describe(make_batch(owner, 100), 21, 10)
    alone = minutes(read_eta(batch).time_left)
    make_batch(other, 40)

    eta = read_eta(batch)

    assert eta.shared
    assert minutes(eta.time_left)[0] < alone[0]


def test_eta_of_a_reanalysis_mentions_the_owners_imports(owner: User) -> None:
    batch = make_batch(owner, 5, "Again")
    UploadBatch.objects.filter(id=batch.id).update(kind=BatchKind.REANALYSIS)
    batch.refresh_from_db()
    assert not read_eta(batch).after_imports

    make_batch(owner, 5)

    assert read_eta(batch).after_imports


def test_eta_of_a_completed_batch_has_only_the_elapsed_time(
    owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    batch = describe(make_batch(owner, 30), 30, 1)
    batch.status, batch.started_at = BatchStatus.COMPLETED, timezone.now()
    batch.completed_at = batch.started_at + timedelta(minutes=12, seconds=30)

    with django_assert_num_queries(0):
        eta = read_eta(batch)

    assert (eta.elapsed, eta.time_left) == ("12 minutes", "")
