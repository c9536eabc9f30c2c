"""Failures are recorded even if the database cannot store their message; an unusable answer is retried once."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.db import connection

from batches.engine import claim, runner
from batches.engine.circuit_breaker import breaker
from batches.engine.heartbeat import LastStall, beat
from batches.engine.in_flight import Claim, in_flight
from batches.engine.runner import run_job
from batches.models import BatchItem, Worker
from batches.models.states import ItemStatus
from tests.support import processors
from tests.support.batches import assert_counters_match, make_batch

pytestmark = pytest.mark.django_db(transaction=True)
WORKER = 4711


@pytest.fixture
def claimed(owner: User) -> Claim:
    claimed = claim.claim_item(make_batch(owner, files=1).id, WORKER)
    assert claimed is not None
    return claimed


@pytest.fixture
def internal_refused(transactional_db: None) -> Iterator[None]:
    """Make the table refuse `item.internal`, the code used when an item's outcome cannot be written."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE batches_batchitem ADD CONSTRAINT no_internal CHECK (error_code <> 'item.internal')")
    yield
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE batches_batchitem DROP CONSTRAINT no_internal")


def test_message_that_no_row_can_store_is_cleaned(claimed: Claim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "process", processors.message_with_nul)

    run_job(claimed)

    item = BatchItem.objects.get()
    assert (item.status, item.error_code) == (ItemStatus.FAILED, "model.\N{REPLACEMENT CHARACTER}answer")
    assert item.error_message == "It said \N{REPLACEMENT CHARACTER} and \N{REPLACEMENT CHARACTER}."
    assert_counters_match(item.batch)


def test_unusable_answer_is_retried_once_then_fails_with_the_last_reason(
    claimed: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["a number", "no words"])
    monkeypatch.setattr(runner, "process", lambda job: processors.unusable_answer(job, next(answers)))

    run_job(claimed)

    item = BatchItem.objects.get()
    assert (item.status, item.error_code) == (ItemStatus.FAILED, "model.answer")
    assert item.error_message == "The model answered with no words."
    assert next(answers, None) is None
    assert_counters_match(item.batch)


def test_file_completes_if_only_the_first_answer_is_unusable(claimed: Claim, monkeypatch: pytest.MonkeyPatch) -> None:
    attempts = iter([processors.unusable_answer, processors.instant])
    monkeypatch.setattr(runner, "process", lambda job: next(attempts)(job))

    run_job(claimed)

    item = BatchItem.objects.get()
    assert (item.status, item.error_code) == (ItemStatus.COMPLETED, "")
    assert_counters_match(item.batch)


def test_failure_without_a_message_is_internal(claimed: Claim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "process", processors.without_message)

    run_job(claimed)

    assert BatchItem.objects.get().error_code == "item.internal"


def test_item_that_cannot_be_failed_is_released_by_the_heartbeat(
    claimed: Claim, monkeypatch: pytest.MonkeyPatch, internal_refused: None
) -> None:
    monkeypatch.setattr(runner, "process", processors.without_message)

    run_job(claimed)
    beat(WORKER)

    assert BatchItem.objects.get().status == ItemStatus.PENDING
    assert in_flight.unreleased() == []


def test_stall_message_that_no_row_can_store_is_cleaned(transactional_db: None) -> None:
    worker = Worker.objects.create(host="here", pid=1, threads=1)
    LastStall.value = (0, "", "")
    breaker.trip("model.away\0", "It said \udc80.")
    beat(worker.id)

    worker.refresh_from_db()
    assert worker.stall_message == "It said \N{REPLACEMENT CHARACTER}."
