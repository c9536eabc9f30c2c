"""When a hold for the database is over: an answer is not enough, it has to be written to."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.db import connection
from pytest_django import Settings

from batches.engine import claim
from batches.engine.circuit_breaker import CircuitBreaker, breaker
from batches.engine.in_flight import Claim, in_flight
from batches.engine.liveness import identity
from batches.engine.runner import run_job
from batches.models import Worker
from batches.models.states import ItemStatus
from batches.worker.middleware import heartbeat
from batches.worker.reconciler import reconcile
from tests.conftest import StartWorker
from tests.support.batches import fill
from tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
WORKER = 4711
FULL = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE 'No space left on device' USING ERRCODE = 'disk_full'; END $$;
CREATE TRIGGER full_disk BEFORE UPDATE ON uploads_upload EXECUTE FUNCTION full_disk();
"""


@pytest.fixture(autouse=True)
def nothing_held(transactional_db: None) -> Iterator[None]:
    yield
    breaker.reset("database.away")
    breaker.reset("model.away")
    identity.release()


@pytest.fixture
def taken(owner: User) -> Claim:
    taken = claim.claim_item(fill(owner, files=1).id, WORKER)
    assert taken is not None
    return taken


def trip() -> None:
    """Hold for the database, and wait until it may be tried again."""
    breaker.trip("database.away", "No space left on device.")
    wait_until(lambda: not breaker.seconds_open())


def test_heartbeat_that_lost_its_lock_and_has_it_again_ends_the_hold_at_once() -> None:
    heartbeat()
    breaker.trip("database.away", "The database does not answer.")
    assert identity._connection is not None
    identity._connection.close()

    heartbeat()

    assert breaker.open_cause() == ("", "")
    assert not breaker.seconds_open()


def test_database_that_answers_and_takes_nothing_is_waited_for_longer_each_time() -> None:
    heartbeat()
    trip()
    heartbeat()
    steady = breaker.open_cause()[0]

    breaker.trip("database.away", "No space left on device.")

    assert steady == "database.away"
    assert breaker.seconds_open() > 1.5


@pytest.mark.parametrize("processor", ["at_once", "unspeakable"])
def test_file_that_is_written_ends_the_hold_whether_it_went_well_or_failed(
    taken: Claim, settings: Settings, processor: str
) -> None:
    settings.PROCESSOR = f"tests.support.processors.{processor}"
    trip()

    run_job(taken)

    assert breaker.open_cause() == ("", "")


def test_failed_file_says_nothing_of_what_is_outside(taken: Claim, settings: Settings) -> None:
    settings.PROCESSOR = "tests.support.processors.unspeakable"
    breaker.trip("model.away", "The model server does not answer.")
    wait_until(lambda: not breaker.seconds_open())

    run_job(taken)

    assert breaker.open_cause()[0] == "model.away"


def test_last_file_is_waited_for_while_it_is_tried(owner: User) -> None:
    heartbeat()
    taken = claim.claim_item(fill(owner, files=1).id, identity.id or 0)
    assert taken is not None
    trip()

    with in_flight.track(taken):
        reconcile()
        meanwhile = breaker.open_cause()[0]
    reconcile()

    assert meanwhile == "database.away"
    assert breaker.open_cause() == ("", "")


def test_page_says_steadily_that_the_database_takes_nothing(owner: User, start_worker: StartWorker) -> None:
    batch = fill(owner, files=1)
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


def test_only_the_named_cause_is_over() -> None:
    breaker = CircuitBreaker()
    breaker.trip("database.away", "a")
    breaker.trip("model.away", "b")
    wait_until(lambda: not breaker.seconds_open())

    breaker.record_success("database.away")

    assert breaker.open_cause() == ("model.away", "b")
