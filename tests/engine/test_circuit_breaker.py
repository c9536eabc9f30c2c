"""What closes the circuit breaker after an outage of the database or of another dependency."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.db import connection

from batches.engine import claim, runner
from batches.engine.circuit_breaker import breaker
from batches.engine.in_flight import Claim, in_flight
from batches.engine.liveness import identity
from batches.engine.runner import run_job
from batches.models import Worker
from batches.models.states import ItemStatus
from batches.worker.middleware import heartbeat
from batches.worker.reconciler import reconcile
from tests.conftest import StartWorker
from tests.support import processors
from tests.support.batches import make_batch
from tests.support.clock import Clock
from tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
WORKER = 4711
FULL = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE 'No space left on device' USING ERRCODE = 'disk_full'; END $$;
CREATE TRIGGER full_disk BEFORE UPDATE ON uploads_upload EXECUTE FUNCTION full_disk();
"""


@pytest.fixture(autouse=True)
def released_identity(transactional_db: None) -> Iterator[None]:
    yield
    identity.release()


@pytest.fixture
def claimed(owner: User) -> Claim:
    claimed = claim.claim_item(make_batch(owner, files=1).id, WORKER)
    assert claimed is not None
    return claimed


def trip(clock: Clock, cause: str = "database.away") -> None:
    """Trip the circuit breaker, by default for the database, and let its back-off end."""
    breaker.trip(cause, "No space left on device.")
    clock.now += breaker.seconds_open()


def test_regained_lock_closes_the_breaker_at_once() -> None:
    heartbeat()
    breaker.trip("database.away", "The database does not answer.")
    assert identity._connection is not None
    identity._connection.close()

    heartbeat()

    assert breaker.open_cause() == ("", "")
    assert not breaker.seconds_open()


def test_back_off_grows_while_the_database_refuses_writes(clock: Clock) -> None:
    heartbeat()
    trip(clock)
    heartbeat()
    steady = breaker.open_cause()[0]

    breaker.trip("database.away", "No space left on device.")

    assert steady == "database.away"
    assert breaker.seconds_open() == 2


@pytest.mark.parametrize("processor", [processors.instant, processors.message_with_nul])
def test_written_outcome_closes_the_breaker(
    clock: Clock, claimed: Claim, monkeypatch: pytest.MonkeyPatch, processor: runner.Processor
) -> None:
    monkeypatch.setattr(runner, "process", processor)
    trip(clock)

    run_job(claimed)

    assert breaker.open_cause() == ("", "")


def test_failed_item_does_not_close_the_breaker_of_a_dependency(
    clock: Clock, claimed: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "process", processors.message_with_nul)
    trip(clock, "model.away")

    run_job(claimed)

    assert breaker.open_cause()[0] == "model.away"


def test_reconciler_keeps_the_breaker_open_while_the_last_job_runs(owner: User, clock: Clock) -> None:
    heartbeat()
    claimed = claim.claim_item(make_batch(owner, files=1).id, identity.id or 0)
    assert claimed is not None
    trip(clock)

    with in_flight.track(claimed):
        reconcile()
        cause_during_job = breaker.open_cause()[0]
    reconcile()

    assert cause_during_job == "database.away"
    assert breaker.open_cause() == ("", "")


def test_stall_of_a_full_database_is_shown_continuously(owner: User, start_worker: StartWorker) -> None:
    batch = make_batch(owner, files=1)
    with connection.cursor() as cursor:
        cursor.execute(FULL)
    try:
        start_worker(env={"TEST_PROCESSOR": "tests.support.processors.audited", "VUEMANTICS_RECONCILE_SECONDS": "0.2"})
        since = wait_until(lambda: Worker.objects.get().stalled_since, 20)

        wait_until(lambda: batch.items.get().attempts >= 4, 30)

        assert Worker.objects.get().stalled_since == since
        assert Worker.objects.get().stall_code == "database.away"
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION full_disk CASCADE")
    wait_until(lambda: batch.items.get().status == ItemStatus.COMPLETED, 30)
    wait_until(lambda: not Worker.objects.get().stall_code)
