"""Limits on parallel items and on the duration of stages, and how a worker's stall is recorded and ends."""

import pytest
from django.contrib.auth.models import User
from pytest_django.fixtures import Settings

from batches.engine import claim, finish_item, scheduler
from batches.engine.circuit_breaker import breaker
from batches.engine.heartbeat import LastStall, beat
from batches.engine.in_flight import in_flight
from batches.models import Worker
from batches.worker.reconciler import reconcile
from tests.support.batches import make_batch, next_batch_id
from tests.support.clock import Clock

pytestmark = pytest.mark.django_db(transaction=True)
WORKER = 4711


@pytest.fixture
def worker(transactional_db: None) -> Worker:
    LastStall.value = (0, "", "")
    return Worker.objects.create(host="here", pid=1, threads=1)


def test_batch_at_its_parallel_limit_is_neither_scheduled_nor_claimed(owner: User, settings: Settings) -> None:
    settings.BATCH_PARALLEL = 2
    batch = make_batch(owner, files=4)
    first = claim.claim_item(batch.id, WORKER)
    assert first is not None
    assert claim.claim_item(batch.id, WORKER) is not None

    assert claim.claim_item(batch.id, WORKER) is None
    assert next_batch_id() is None

    finish_item.complete_item(first)
    assert next_batch_id() == batch.id
    assert claim.claim_item(batch.id, WORKER) is not None


def test_scheduler_counts_the_waiting_batches(owner: User, other: User) -> None:
    for person, files in ((owner, 1), (owner, 0), (other, 1)):
        make_batch(person, files)

    given = scheduler.next_batch()

    assert given is not None
    assert given.waiting_batches == 2


def test_job_past_its_deadline_is_reported_and_its_lease_not_renewed(
    owner: User, settings: Settings, worker: Worker
) -> None:
    batch = make_batch(owner, files=1)
    claimed = claim.claim_item(batch.id, worker.id)
    assert claimed is not None
    settings.STAGE_SECONDS = -1

    with in_flight.track(claimed) as job:
        assert beat(worker.id) == [job]

    assert batch.items.get().stage == ""


def test_stall_is_written_to_the_worker_row_until_it_is_over(worker: Worker, clock: Clock) -> None:
    breaker.trip("model.away", "The model server does not answer.")
    beat(worker.id)
    worker.refresh_from_db()
    shown = (worker.stall_code, worker.stall_message, worker.stalled_since is not None)

    breaker.record_success()
    still = breaker.open_cause()[0]
    clock.now += breaker.seconds_open()
    breaker.record_success()
    beat(worker.id)

    assert still == "model.away", "a successful file must not end the back-off early"
    assert shown == ("model.away", "The model server does not answer.", True)
    worker.refresh_from_db()
    assert (worker.stall_code, worker.stall_message, worker.stalled_since) == ("", "", None)


def test_breaker_closes_when_no_item_is_left(worker: Worker, clock: Clock) -> None:
    breaker.trip("model.away", "The model server does not answer.")
    reconcile()
    before_its_time = breaker.open_cause()[0]

    clock.now += breaker.seconds_open()
    reconcile()

    assert before_its_time == "model.away"
    assert breaker.open_cause() == ("", "")
