"""Limits of time and number: stages, slices, parallel files of a batch, and what a hold says."""

import pytest
from django.contrib.auth.models import User
from pytest_django.fixtures import Settings

from batches.engine import claim, finish, scheduler
from batches.engine.circuit_breaker import breaker
from batches.engine.heartbeat import LastStall, beat, stage_seconds
from batches.engine.in_flight import in_flight
from batches.engine.time_slice import time_slice_seconds
from batches.models import Worker
from batches.models.states import Stage
from batches.worker.reconciler import reconcile
from tests.support.batches import fill, served
from tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
WORKER = 4711


@pytest.fixture
def worker(transactional_db: None) -> Worker:
    LastStall.value = (0, "", "")
    return Worker.objects.create(host="here", pid=1, threads=1)


def test_batch_at_its_cap_gets_neither_claim_nor_turn(owner: User, settings: Settings) -> None:
    settings.BATCH_PARALLEL = 2
    batch = fill(owner, files=4)
    first = claim.claim_item(batch.id, WORKER)
    assert first is not None
    assert claim.claim_item(batch.id, WORKER) is not None

    assert claim.claim_item(batch.id, WORKER) is None
    assert served() is None

    finish.complete_item(first)
    assert served() == batch.id
    assert claim.claim_item(batch.id, WORKER) is not None


@pytest.mark.parametrize(("batches", "seconds"), [(0, 1.0), (8, 1.0), (16, 0.6), (96, 0.1), (100_000, 0.05)])
def test_slices_shrink_in_a_crowd(settings: Settings, batches: int, seconds: float) -> None:
    settings.WORKER_PROCESSES, settings.WORKER_THREADS, settings.TIME_SLICE_SECONDS = 2, 4, 1.0

    assert time_slice_seconds(batches) == pytest.approx(seconds)


def test_turn_tells_how_many_batches_wait(owner: User, other: User) -> None:
    for person, files in ((owner, 1), (owner, 0), (other, 1)):
        fill(person, files)

    given = scheduler.next_batch()

    assert given is not None
    assert given.waiting_batches == 2


def test_stage_has_its_own_deadline_or_the_common_one(settings: Settings) -> None:
    settings.STAGE_SECONDS, settings.STAGE_DEADLINES = 600, {"describing": 1800.0}

    assert stage_seconds(Stage.DESCRIBING) == 1800
    assert stage_seconds(Stage.CHECKING) == 600


def test_file_past_its_deadline_is_named_and_its_lease_not_renewed(
    owner: User, settings: Settings, worker: Worker
) -> None:
    batch = fill(owner, files=1)
    taken = claim.claim_item(batch.id, worker.id)
    assert taken is not None
    settings.STAGE_SECONDS = -1

    with in_flight.track(taken) as held:
        assert beat(worker.id) == [held]

    assert batch.items.get().stage == ""


def test_hold_is_told_in_the_row_until_it_is_over(worker: Worker) -> None:
    breaker.trip("model.away", "The model server does not answer.")
    beat(worker.id)
    worker.refresh_from_db()
    told = (worker.stall_code, worker.stall_message, worker.stalled_since is not None)

    breaker.record_success()
    still = breaker.open_cause()[0]
    wait_until(lambda: not breaker.seconds_open())
    breaker.record_success()
    beat(worker.id)

    assert still == "model.away", "a file that passes does not end a hold before its time"
    assert told == ("model.away", "The model server does not answer.", True)
    worker.refresh_from_db()
    assert (worker.stall_code, worker.stall_message, worker.stalled_since) == ("", "", None)


def test_hold_is_over_when_no_file_is_left_to_try(worker: Worker) -> None:
    breaker.trip("model.away", "The model server does not answer.")
    reconcile()
    before_its_time = breaker.open_cause()[0]

    wait_until(lambda: not breaker.seconds_open())
    reconcile()

    assert before_its_time == "model.away"
    assert breaker.open_cause() == ("", "")
