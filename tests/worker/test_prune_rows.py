"""Old sessions, sign-ins and workers are deleted from the database."""

from datetime import timedelta

import pytest
from axes.models import AccessLog
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from batches.engine import claim, prune_workers
from batches.engine.liveness import Identity
from batches.engine.status import read_status
from batches.models import BatchItem, Worker
from batches.worker import cleanup, prune_rows
from tests.support.batches import make_batch

pytestmark = pytest.mark.django_db(transaction=True)
LONG_AGO = timezone.now() - timedelta(days=365)


@pytest.fixture(autouse=True)
def due(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prune_rows.Schedule, "next_run", 0.0)


def make_worker(**fields: object) -> Worker:
    """Create a row for a worker that started long ago."""
    worker = Worker.objects.create(host="here", pid=1, threads=1)
    Worker.objects.filter(id=worker.id).update(started_at=LONG_AGO, **fields)
    return worker


def remaining_workers() -> set[int]:
    """Run the cleanup and return the ids of the remaining workers."""
    cleanup.clean_up()
    return set(Worker.objects.values_list("id", flat=True))


@pytest.fixture
def no_sessions() -> None:
    """Delete the sessions of earlier tests."""
    Session.objects.all().delete()


def test_expired_sessions_are_deleted(client: Client, owner: User, no_sessions: None) -> None:
    client.force_login(owner)
    for number in range(3):
        Session.objects.create(session_key=f"{number:032}", session_data="", expire_date=LONG_AGO)

    cleanup.clean_up()

    assert Session.objects.get().session_key == client.session.session_key


def test_old_sign_ins_are_deleted() -> None:
    for name in ("old", "new"):
        AccessLog.objects.create(username=name)
    AccessLog.objects.filter(username="old").update(attempt_time=LONG_AGO)

    cleanup.clean_up()

    assert AccessLog.objects.get().username == "new"


def test_rows_are_deleted_in_chunks_once_a_day(monkeypatch: pytest.MonkeyPatch, no_sessions: None) -> None:
    monkeypatch.setattr(prune_rows, "CHUNK", 2)
    for number in range(3):
        Session.objects.create(session_key=f"{number:032}", session_data="", expire_date=LONG_AGO)
    counts = []
    for _ in range(3):
        cleanup.clean_up()
        counts.append(Session.objects.count())
    Session.objects.create(session_key="later", session_data="", expire_date=LONG_AGO)

    cleanup.clean_up()

    assert counts == [1, 0, 0]
    assert Session.objects.exists()


def test_workers_that_ended_long_ago_are_deleted() -> None:
    make_worker(stopped_at=LONG_AGO)
    make_worker(missing_since=LONG_AGO)
    lately = make_worker(stopped_at=timezone.now())

    assert remaining_workers() == {lately.id}


def test_dead_worker_is_marked_missing_before_it_is_deleted() -> None:
    died = make_worker()

    assert remaining_workers() == {died.id}
    Worker.objects.filter(missing_since__isnull=False).update(missing_since=LONG_AGO)
    prune_rows.Schedule.next_run = 0.0

    assert remaining_workers() == set()


def test_live_worker_is_kept_even_if_marked_missing() -> None:
    identity = Identity()
    identity._worker = make_worker().id
    assert identity.acquire()
    Worker.objects.update(missing_since=LONG_AGO)

    assert remaining_workers() == {identity.id}
    identity.release()


def test_workers_referenced_by_files_are_kept(owner: User) -> None:
    batch = make_batch(owner, 2)
    with_claim, lost = make_worker(missing_since=LONG_AGO), make_worker(missing_since=LONG_AGO)
    claimed = claim.claim_item(batch.id, with_claim.id)
    assert claimed is not None
    BatchItem.objects.exclude(id=claimed.item_id).update(lost_worker=lost.id)

    assert remaining_workers() == {with_claim.id, lost.id}


def test_workers_of_shown_recoveries_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batches.engine.status.RECOVERIES_SHOWN", 1)
    for hours in (2, 1):
        make_worker(missing_since=LONG_AGO, recovered=1, recovered_at=LONG_AGO - timedelta(hours=hours))
    shown = [recovery.worker for recovery in read_status().recoveries]

    assert remaining_workers() == set(shown)


def test_starting_worker_is_not_marked_missing() -> None:
    Worker.objects.create(host="here", pid=1, threads=1)

    prune_workers.prune_workers(timedelta(0), 10)

    assert Worker.objects.get().missing_since is None
