"""A retry works in atomic chunks, and retries each item once."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection

from batches.engine import retry
from batches.models import UploadBatch
from batches.models.states import BatchStatus, ItemStatus
from tests.support.batches import assert_counters_match, make_batch
from tests.support.failures import fail_stored

pytestmark = pytest.mark.django_db(transaction=True)
COUNTED = 'UPDATE "batches_uploadbatch"'


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "CHUNK", 2)


@pytest.fixture
def batch(owner: User) -> UploadBatch:
    batch = make_batch(owner, 5)
    for _ in range(5):
        fail_stored(batch)
    return batch


class AfterCount:
    """A query wrapper that calls `call` after each update of a batch row, except updates that `call` itself makes."""

    def __init__(self, call: Callable[[int], object]) -> None:
        self.counts = 0
        self._call = call
        self._busy = False

    def __call__(self, execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        result = execute(sql, parameters, many, context)
        if sql.startswith(COUNTED) and not self._busy:
            self.counts += 1
            self._busy = True
            self._call(self.counts)
            self._busy = False
        return result


def fail_in_second_chunk(count: int) -> None:
    """Raise an error while the second chunk is being retried."""
    if count == 2:
        raise OperationalError("gone")


def test_interrupted_retry_keeps_its_chunks_and_can_be_repeated(batch: UploadBatch) -> None:
    with connection.execute_wrapper(AfterCount(fail_in_second_chunk)), pytest.raises(OperationalError):
        retry.retry_failed(batch.id)

    assert_counters_match(batch)
    assert batch.failed == 3
    assert retry.retry_failed(batch.id) == 3
    assert_counters_match(batch)
    assert batch.failed == 0


def test_item_that_fails_again_during_a_retry_is_not_retried_twice(batch: UploadBatch) -> None:
    with connection.execute_wrapper(AfterCount(lambda _count: fail_stored(batch))):
        assert retry.retry_failed(batch.id) == 5

    assert_counters_match(batch)
    assert batch.failed == 3


def test_retry_reopens_a_completed_batch_and_counts_once_per_chunk(batch: UploadBatch) -> None:
    seen = AfterCount(lambda _count: None)
    UploadBatch.objects.filter(id=batch.id).update(
        status=BatchStatus.COMPLETED, sealed_at=batch.created_at, completed_at=batch.created_at
    )

    with connection.execute_wrapper(seen):
        assert retry.retry_failed(batch.id) == 5

    assert_counters_match(batch)
    assert (batch.status, batch.completed_at) == (BatchStatus.PROCESSING, None)
    assert batch.items.filter(status=ItemStatus.PENDING).count() == 5
    assert seen.counts == 3
