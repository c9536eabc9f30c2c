"""A crash of a worker that lost its lock is counted only after it is confirmed, because the worker may be alive.

Items without an earlier crash are released before the confirmation.
"""

from datetime import timedelta

import psycopg
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models.functions import Now
from pytest_django.fixtures import Settings

from batches.engine import claim, finish_item, lost_workers, retry
from batches.engine.in_flight import Claim
from batches.engine.liveness import KEEPALIVE, Identity, connection_parameters
from batches.engine.maintenance_check import check_maintenance
from batches.engine.recovery import recover_items
from batches.models import BatchItem, UploadBatch, Worker
from batches.models.states import ItemStatus
from tests.support.batches import assert_counters_match, make_batch

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_grace")]


@pytest.fixture(autouse=True)
def no_grace(settings: Settings) -> None:
    settings.GRACE_SECONDS = 0


@pytest.fixture(autouse=True)
def late_confirmation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ensure that crashes are confirmed only by `confirm_missing`, even on a slow machine."""
    monkeypatch.setattr(lost_workers, "CONFIRM_AFTER", timedelta(hours=1))


@pytest.fixture
def batch(owner: User) -> UploadBatch:
    return make_batch(owner, files=1)


@pytest.fixture
def worker(transactional_db: None) -> Worker:
    """A worker that lost its lock: its row exists, but no session holds the lock."""
    return Worker.objects.create(host="here", pid=1, threads=1)


@pytest.fixture
def claimed(batch: UploadBatch, worker: Worker) -> Claim:
    claimed = claim.claim_item(batch.id, worker.id)
    assert claimed is not None
    return claimed


def confirm_missing(worker: Worker) -> None:
    """Move the worker's `missing_since` far enough into the past for its crash to be confirmed."""
    Worker.objects.filter(id=worker.id).update(missing_since=Now() - lost_workers.CONFIRM_AFTER - timedelta(seconds=1))


def take_lock_again(worker: Worker) -> Identity:
    """Take the worker's lock again, as its process does after losing the connection."""
    identity = Identity()
    identity._worker = worker.id
    assert identity.acquire()
    assert identity.id == worker.id
    return identity


def state() -> tuple[str, int, int | None]:
    item = BatchItem.objects.get()
    return item.status, item.crash_count, item.lost_worker


def test_item_of_a_missing_worker_is_released_quarantined_without_a_crash(
    claimed: Claim, worker: Worker, batch: UploadBatch
) -> None:
    assert recover_items() == 1

    assert state() == (ItemStatus.PENDING, 0, worker.id)
    assert claim.claim_item(batch.id, 4711) is None
    assert claim.has_quarantined(batch.id)
    assert claim.claim_item(batch.id, 4711, quarantined=True) is not None


def test_worker_that_regains_its_lock_causes_no_crash(claimed: Claim, worker: Worker) -> None:
    recover_items()
    identity = take_lock_again(worker)
    try:
        recover_items()
    finally:
        identity.release()

    assert state() == (ItemStatus.PENDING, 0, None)
    worker.refresh_from_db()
    assert worker.missing_since is None
    assert not check_maintenance(1).lost_claims


def test_crash_is_charged_once_when_confirmed(claimed: Claim, worker: Worker) -> None:
    recover_items()
    confirm_missing(worker)

    recover_items()
    recover_items()

    assert state() == (ItemStatus.PENDING, 1, None)


def test_two_checks_in_a_row_do_not_confirm_a_crash(claimed: Claim, worker: Worker) -> None:
    recover_items()
    recover_items()

    assert state() == (ItemStatus.PENDING, 0, worker.id)
    assert check_maintenance(1).lost_claims, "maintenance must still be due"


def test_crash_is_charged_to_an_item_that_another_worker_finished(
    claimed: Claim, worker: Worker, batch: UploadBatch
) -> None:
    recover_items()
    again = claim.claim_item(batch.id, 4711, quarantined=True)
    assert again is not None
    assert finish_item.complete_item(again)
    confirm_missing(worker)

    recover_items()

    assert state() == (ItemStatus.COMPLETED, 1, None)
    assert_counters_match(batch)


def test_item_with_a_crash_stays_claimed_until_the_next_is_confirmed(claimed: Claim, worker: Worker) -> None:
    BatchItem.objects.update(crash_count=1)

    assert recover_items() == 0
    identity = take_lock_again(worker)
    try:
        assert recover_items() == 0
    finally:
        identity.release()

    assert state() == (ItemStatus.PROCESSING, 1, None)
    assert finish_item.complete_item(claimed)


def test_last_crash_fails_the_item_when_confirmed(claimed: Claim, worker: Worker, batch: UploadBatch) -> None:
    BatchItem.objects.update(crash_count=2)
    recover_items()
    in_doubt = state()
    confirm_missing(worker)

    recover_items()

    assert in_doubt == (ItemStatus.PROCESSING, 2, None)
    assert state() == (ItemStatus.FAILED, 3, None)
    assert_counters_match(batch)


def test_second_crash_waits_until_the_first_is_decided(claimed: Claim, worker: Worker, batch: UploadBatch) -> None:
    second = Worker.objects.create(host="here", pid=2, threads=1)
    recover_items()
    assert claim.claim_item(batch.id, second.id, quarantined=True) is not None

    confirm_missing(second)
    recover_items()
    undecided = state()
    confirm_missing(worker)
    recover_items()

    assert undecided == (ItemStatus.PROCESSING, 0, worker.id)
    assert state() == (ItemStatus.PENDING, 2, None)


def test_retried_item_has_no_undecided_crash(claimed: Claim, worker: Worker, batch: UploadBatch) -> None:
    recover_items()
    again = claim.claim_item(batch.id, 4711, quarantined=True)
    assert again is not None
    finish_item.fail_item(again, "x", "It failed.")
    retry.retry_failed(batch.id)
    confirm_missing(worker)

    recover_items()

    assert state() == (ItemStatus.PENDING, 0, None)


def test_lock_connection_uses_keepalive() -> None:
    parameters = connection_parameters()

    with psycopg.connect(**parameters) as session:
        assert {name: int(session.info.get_parameters()[name]) for name in KEEPALIVE if name != "keepalives"} == {
            name: value for name, value in KEEPALIVE.items() if name != "keepalives"
        }
    assert parameters["dbname"] == connection.settings_dict["NAME"]
