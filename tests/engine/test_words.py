"""A failure ends its file, whatever its words are."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.db import connection
from pytest_django.fixtures import Settings

from batches.engine import claim
from batches.engine.circuit_breaker import CircuitBreaker, breaker
from batches.engine.heartbeat import LastStall, beat
from batches.engine.in_flight import Claim, in_flight
from batches.engine.runner import run_job
from batches.models import BatchItem, Worker
from batches.models.states import ItemStatus
from tests.support.batches import assert_counters_true, fill

pytestmark = pytest.mark.django_db(transaction=True)
WORKER = 4711


@pytest.fixture
def taken(owner: User) -> Claim:
    taken = claim.claim_item(fill(owner, files=1).id, WORKER)
    assert taken is not None
    return taken


@pytest.fixture
def full_reason(transactional_db: None) -> Iterator[None]:
    """A table that takes no `item.internal`: not even that can be written."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE batches_batchitem ADD CONSTRAINT no_internal CHECK (error_code <> 'item.internal')")
    yield
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE batches_batchitem DROP CONSTRAINT no_internal")


def test_words_that_no_row_can_hold_fail_the_file_all_the_same(taken: Claim, settings: Settings) -> None:
    settings.PROCESSOR = "tests.support.processors.unspeakable"

    run_job(taken)

    item = BatchItem.objects.get()
    assert (item.status, item.error_code) == (ItemStatus.FAILED, "model.\N{REPLACEMENT CHARACTER}answer")
    assert item.error_message == "It said \N{REPLACEMENT CHARACTER} and \N{REPLACEMENT CHARACTER}."
    assert_counters_true(item.batch)


def test_failure_without_words_is_the_programs_own(taken: Claim, settings: Settings) -> None:
    settings.PROCESSOR = "tests.support.processors.wordless"

    run_job(taken)

    assert BatchItem.objects.get().error_code == "item.internal"


def test_file_that_cannot_even_be_failed_is_given_back_by_the_heartbeat(
    taken: Claim, settings: Settings, full_reason: None
) -> None:
    settings.PROCESSOR = "tests.support.processors.wordless"

    run_job(taken)
    beat(WORKER)

    assert BatchItem.objects.get().status == ItemStatus.PENDING
    assert in_flight.unreleased() == []


def test_hold_with_such_words_is_told(transactional_db: None) -> None:
    worker = Worker.objects.create(host="here", pid=1, threads=1)
    LastStall.value = (0, "", "")
    breaker.trip("model.away\0", "It said \udc80.")
    try:
        beat(worker.id)
    finally:
        breaker.reset(breaker.open_cause()[0])

    worker.refresh_from_db()
    assert worker.stall_message == "It said \N{REPLACEMENT CHARACTER}."


def test_words_are_clean_before_they_are_logged_or_shown() -> None:
    breaker = CircuitBreaker()

    breaker.trip("a\0", "b\0")

    assert breaker.open_cause() == ("a\N{REPLACEMENT CHARACTER}", "b\N{REPLACEMENT CHARACTER}")
