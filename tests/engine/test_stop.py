"""An orderly stop charges no file, also where the database is away in this moment."""

from collections.abc import Iterator
from datetime import timedelta

import dramatiq
import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection
from django.utils import timezone
from pytest_django import Settings

from batches.engine import claim
from batches.engine.heartbeat import beat
from batches.engine.in_flight import Claim, in_flight
from batches.engine.liveness import Identity
from batches.engine.lost_workers import CONFIRM_AFTER
from batches.engine.recovery import recover_items
from batches.models import BatchItem, Worker
from batches.models.states import ItemStatus
from batches.worker.middleware import WorkerMiddleware
from tests.support.batches import fill

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_grace")]


@pytest.fixture(autouse=True)
def no_grace(settings: Settings) -> None:
    settings.GRACE_SECONDS = 0


@pytest.fixture(autouse=True)
def hand_as_before() -> Iterator[None]:
    yield
    in_flight.stopping = False
    in_flight.forget_unreleased(in_flight.unreleased())


@pytest.fixture
def worker(transactional_db: None) -> Worker:
    """A worker that signed off, and holds no lock."""
    return Worker.objects.create(host="here", pid=1, threads=1, stopped_at=timezone.now())


@pytest.fixture
def taken(owner: User, worker: Worker) -> Claim:
    taken = claim.claim_item(fill(owner, files=1).id, worker.id)
    assert taken is not None
    return taken


@pytest.fixture
def no_way_back(taken: Claim) -> Iterator[None]:
    """A queue that takes no file."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE batches_batchitem ADD CONSTRAINT no_way CHECK (status <> 'pending') NOT VALID")
    yield
    allow()


def allow() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE batches_batchitem DROP CONSTRAINT IF EXISTS no_way")


def state() -> tuple[str, int, int | None]:
    item = BatchItem.objects.get()
    return item.status, item.crash_count, item.lost_worker


@pytest.mark.parametrize("crash_count", [0, 2])
def test_what_a_worker_left_that_signed_off_goes_back_without_a_death(taken: Claim, crash_count: int) -> None:
    BatchItem.objects.update(crash_count=crash_count)

    assert recover_items() == 1

    assert state() == (ItemStatus.PENDING, crash_count, None)


def test_worker_that_signs_off_after_it_was_missed_is_charged_nothing(taken: Claim, worker: Worker) -> None:
    Worker.objects.update(stopped_at=None)
    recover_items()
    long_ago = timezone.now() - CONFIRM_AFTER - timedelta(seconds=1)
    Worker.objects.update(stopped_at=timezone.now(), missing_since=long_ago)

    recover_items()

    assert state() == (ItemStatus.PENDING, 0, None)


def test_worker_signs_off_though_it_has_just_lost_its_lock(transactional_db: None) -> None:
    identity = Identity()
    assert identity.acquire()
    identity.id = None

    identity.release()

    assert Worker.objects.get().stopped_at is not None


def test_stop_gives_lost_claims_back(taken: Claim) -> None:
    in_flight.mark_unreleased(taken)

    WorkerMiddleware().before_worker_shutdown(dramatiq.get_broker(), dramatiq.Worker(dramatiq.get_broker()))

    assert state() == (ItemStatus.PENDING, 0, None)


def test_lost_claim_that_cannot_go_back_yet_goes_at_a_later_beat(
    taken: Claim, worker: Worker, no_way_back: None
) -> None:
    in_flight.mark_unreleased(taken)
    with pytest.raises(IntegrityError):
        beat(worker.id)
    allow()

    beat(worker.id)

    assert state()[0] == ItemStatus.PENDING
    assert in_flight.unreleased() == []
