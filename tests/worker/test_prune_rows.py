"""Tables that would grow for ever: what nobody asks for any more is deleted, and nothing else."""

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
from tests.support.batches import fill

pytestmark = pytest.mark.django_db(transaction=True)
AGES_AGO = timezone.now() - timedelta(days=365)


@pytest.fixture(autouse=True)
def due(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prune_rows.Schedule, "next_run", 0.0)


def worker(**facts: object) -> Worker:
    """A worker process that was started long ago."""
    made = Worker.objects.create(host="here", pid=1, threads=1)
    Worker.objects.filter(id=made.id).update(started_at=AGES_AGO, **facts)
    return made


def left() -> set[int]:
    """The workers that are still known after a round."""
    cleanup.clean_up()
    return set(Worker.objects.values_list("id", flat=True))


def test_expired_sessions_go_and_others_stay(client: Client, owner: User) -> None:
    client.force_login(owner)
    for number in range(3):
        Session.objects.create(session_key=f"{number:032}", session_data="", expire_date=AGES_AGO)

    cleanup.clean_up()

    assert Session.objects.get().session_key == client.session.session_key


def test_old_logins_go_and_new_ones_stay() -> None:
    for name in ("old", "new"):
        AccessLog.objects.create(username=name)
    AccessLog.objects.filter(username="old").update(attempt_time=AGES_AGO)

    cleanup.clean_up()

    assert AccessLog.objects.get().username == "new"


def test_many_old_rows_go_chunk_by_chunk_then_a_day_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prune_rows, "CHUNK", 2)
    for number in range(3):
        Session.objects.create(session_key=f"{number:032}", session_data="", expire_date=AGES_AGO)
    counts = []
    for _ in range(3):
        cleanup.clean_up()
        counts.append(Session.objects.count())
    Session.objects.create(session_key="later", session_data="", expire_date=AGES_AGO)

    cleanup.clean_up()

    assert counts == [1, 0, 0]
    assert Session.objects.exists()


def test_workers_that_ended_long_ago_go_and_others_stay() -> None:
    worker(stopped_at=AGES_AGO)
    worker(missing_since=AGES_AGO)
    lately = worker(stopped_at=timezone.now())

    assert left() == {lately.id}


def test_worker_that_died_unnoticed_is_missed_first_and_goes_later() -> None:
    died = worker()

    assert left() == {died.id}
    Worker.objects.filter(missing_since__isnull=False).update(missing_since=AGES_AGO)
    prune_rows.Schedule.next_run = 0.0

    assert left() == set()


def test_worker_that_lives_stays_whatever_its_row_says() -> None:
    identity = Identity()
    identity._worker = worker().id
    assert identity.acquire()
    Worker.objects.update(missing_since=AGES_AGO)

    assert left() == {identity.id}
    identity.release()


def test_workers_that_files_name_stay(owner: User) -> None:
    batch = fill(owner, 2)
    in_hand, lost = worker(missing_since=AGES_AGO), worker(missing_since=AGES_AGO)
    taken = claim.claim_item(batch.id, in_hand.id)
    assert taken is not None
    BatchItem.objects.exclude(id=taken.item_id).update(lost_worker=lost.id)

    assert left() == {in_hand.id, lost.id}


def test_workers_whose_files_were_taken_back_stay_while_they_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batches.engine.status.RECOVERIES_SHOWN", 1)
    for hours in (2, 1):
        worker(missing_since=AGES_AGO, recovered=1, recovered_at=AGES_AGO - timedelta(hours=hours))
    shown = [recovery.worker for recovery in read_status().recoveries]

    assert left() == set(shown)


def test_worker_that_just_starts_is_not_missed() -> None:
    Worker.objects.create(host="here", pid=1, threads=1)

    prune_workers.prune_workers(timedelta(0), 10)

    assert Worker.objects.get().missing_since is None
