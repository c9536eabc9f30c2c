"""Stopping a worker normally does not count as a crash; its claims are released when it stops, or later."""

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
from tests.support.batches import make_batch

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_grace")]


@pytest.fixture(autouse=True)
def no_grace(settings: Settings) -> None:
    settings.GRACE_SECONDS = 0


@pytest.fixture(autouse=True)
def reset_in_flight() -> Iterator[None]:
    yield
    in_flight.stopping = False
    in_flight.forget_unreleased(in_flight.unreleased())


@pytest.fixture
def worker(transactional_db: None) -> Worker:
    """A worker that has stopped normally and holds no lock."""
    return Worker.objects.create(host="here", pid=1, threads=1, stopped_at=timezone.now())


@pytest.fixture
def claimed(owner: User, worker: Worker) -> Claim:
    claimed = claim.claim_item(make_batch(owner, files=1).id, worker.id)
    assert claimed is not None
    return claimed


@pytest.fixture
def queue_closed(claimed: Claim) -> Iterator[None]:
    """Make the database refuse every update that sets an item to pending."""
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
def test_item_of_a_stopped_worker_is_released_without_a_crash(claimed: Claim, crash_count: int) -> None:
    BatchItem.objects.update(crash_count=crash_count)

    assert recover_items() == 1

    assert state() == (ItemStatus.PENDING, crash_count, None)


def test_worker_that_stops_after_it_was_missing_causes_no_crash(claimed: Claim, worker: Worker) -> None:
    Worker.objects.update(stopped_at=None)
    recover_items()
    long_ago = timezone.now() - CONFIRM_AFTER - timedelta(seconds=1)
    Worker.objects.update(stopped_at=timezone.now(), missing_since=long_ago)

    recover_items()

    assert state() == (ItemStatus.PENDING, 0, None)


def test_stop_is_recorded_without_a_lock(transactional_db: None) -> None:
    identity = Identity()
    assert identity.acquire()
    identity.id = None

    identity.release()

    assert Worker.objects.get().stopped_at is not None


def test_stop_releases_unreleased_claims(claimed: Claim) -> None:
    in_flight.mark_unreleased(claimed)

    WorkerMiddleware().before_worker_shutdown(dramatiq.get_broker(), dramatiq.Worker(dramatiq.get_broker()))

    assert state() == (ItemStatus.PENDING, 0, None)


def test_claim_that_cannot_be_released_is_released_at_a_later_beat(
    claimed: Claim, worker: Worker, queue_closed: None
) -> None:
    in_flight.mark_unreleased(claimed)
    with pytest.raises(IntegrityError):
        beat(worker.id)
    allow()

    beat(worker.id)

    assert state()[0] == ItemStatus.PENDING
    assert in_flight.unreleased() == []
