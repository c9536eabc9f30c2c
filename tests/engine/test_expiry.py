"""Inactive batches expire, and reopen when their files are registered again."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from batches.engine import expiry, incoming, lifecycle
from batches.engine.expiry import expire_batches, finish_without_missing
from batches.intake.activity import record_activity
from batches.models import UploadBatch
from batches.models.states import BatchStatus, ItemStatus
from tests.support.batches import assert_counters_match, digest

pytestmark = pytest.mark.django_db(transaction=True)
FILE = incoming.NewFile("late.jpg", "late.jpg", digest("late"), 10)


def make_inactive(batch: UploadBatch, seconds: float) -> None:
    """Set the time of the batch's last activity to `seconds` ago."""
    UploadBatch.objects.filter(id=batch.id).update(updated_at=timezone.now() - timedelta(seconds=seconds))


@pytest.fixture
def batch(owner: User, settings: Settings) -> UploadBatch:
    settings.EXPIRY_SECONDS = 100
    batch = lifecycle.open_batch(owner.id, "Left")
    incoming.register_item(batch.id, FILE)
    return batch


def test_expired_batch_completes_without_its_missing_files(batch: UploadBatch) -> None:
    make_inactive(batch, 101)

    assert expire_batches() == 1

    assert_counters_match(batch)
    assert (batch.status, batch.failed, batch.missing) == (BatchStatus.COMPLETED, 0, 1)


def test_batch_with_recent_activity_stays_open(batch: UploadBatch) -> None:
    make_inactive(batch, 99)

    assert expire_batches() == 0
    assert batch.items.get().status == ItemStatus.RECEIVING


def test_sealed_batch_with_a_missing_file_expires(batch: UploadBatch) -> None:
    lifecycle.seal_batch(batch.id)
    make_inactive(batch, 101)

    expire_batches()

    assert_counters_match(batch)
    assert batch.status == BatchStatus.COMPLETED


def test_expired_file_can_be_registered_again(batch: UploadBatch) -> None:
    make_inactive(batch, 101)
    expire_batches()

    item, begun = incoming.register_item(batch.id, FILE)

    assert (item.status, begun) == (ItemStatus.RECEIVING, True)
    assert batch.items.count() == 1
    assert_counters_match(batch)
    assert (batch.status, batch.missing, batch.sealed_at) == (BatchStatus.PROCESSING, 0, None)


def test_file_registered_again_gets_a_new_creation_time(batch: UploadBatch) -> None:
    first = batch.items.get()
    incoming.fail_incomplete_item(first.id, "upload.expired")

    item, _ = incoming.register_item(batch.id, FILE)

    assert item.id == first.id
    assert item.created_at > first.created_at


def test_rejected_file_is_not_received_again(batch: UploadBatch) -> None:
    incoming.reject_item(batch.items.get().id, "file.unsupported", "It is a text.")

    item, _ = incoming.register_item(batch.id, FILE)

    assert item.status == ItemStatus.FAILED
    assert_counters_match(batch)


def test_finish_without_missing_completes_the_batch_at_once(batch: UploadBatch) -> None:
    assert finish_without_missing(batch.id)

    assert_counters_match(batch)
    assert (batch.status, batch.items.get().status) == (BatchStatus.COMPLETED, ItemStatus.MISSING)
    assert not finish_without_missing(batch.id)


def test_files_become_missing_in_chunks(
    batch: UploadBatch, django_assert_max_num_queries: DjangoAssertNumQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry, "CHUNK", 20)
    for number in range(49):
        incoming.register_item(batch.id, incoming.NewFile(f"{number}.jpg", f"{number}.jpg", digest(number), 10))

    with django_assert_max_num_queries(30):
        assert finish_without_missing(batch.id)

    assert_counters_match(batch)
    assert (batch.status, batch.missing) == (BatchStatus.COMPLETED, 50)


def test_received_bytes_keep_the_batch_open(batch: UploadBatch) -> None:
    make_inactive(batch, 101)

    batch.refresh_from_db()
    record_activity(batch)

    assert expire_batches() == 0
    assert batch.items.get().status == ItemStatus.RECEIVING
