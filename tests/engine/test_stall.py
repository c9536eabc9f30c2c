"""What a batch that stands still is waiting for, in words."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from batches.engine import claim, pause
from batches.engine.liveness import WORKER_LOCK_CLASS
from batches.engine.stall_reason import RESTART_TIME, WORKER_STATE, stall_reasons, waiting_for
from batches.live.batch_snapshot import read_snapshot
from batches.models import UploadBatch, Worker
from bench import rows
from tests.engine.test_queries import indexes
from tests.support.batches import fill
from tests.support.fake_workers import fake_worker

pytestmark = pytest.mark.django_db(transaction=True)
NO_WORKER = "No worker is running. Your files are safe and will be processed as soon as one starts."
FULL = ("storage.full", "The disk is full.")


def age(batch: UploadBatch) -> None:
    """Let the last sign of work be longer ago than a restart takes."""
    long_ago = timezone.now() - RESTART_TIME - timedelta(seconds=1)
    UploadBatch.objects.filter(id=batch.id).update(started_at=long_ago, last_served=long_ago)
    Worker.objects.update(started_at=long_ago)
    Worker.objects.filter(stopped_at__isnull=False).update(stopped_at=long_ago)


def why(batch: UploadBatch) -> str:
    """What the page says."""
    snapshot = read_snapshot(batch.id)
    assert snapshot is not None
    return snapshot.waiting_for


def test_batch_waits_when_every_living_worker_holds(owner: User) -> None:
    batch = fill(owner, files=2)

    with fake_worker(*FULL), fake_worker(*FULL):
        assert why(batch) == "Waiting for the storage: The disk is full."


def test_batch_goes_on_while_one_worker_does_not_hold(owner: User) -> None:
    batch = fill(owner, files=2)
    age(batch)

    with fake_worker(*FULL), fake_worker():
        assert why(batch) == ""


def test_dead_worker_that_held_says_nothing(owner: User) -> None:
    batch = fill(owner, files=2)
    with fake_worker(*FULL):
        pass

    with fake_worker():
        assert why(batch) == ""


def test_batch_without_any_worker_says_so_after_some_seconds(owner: User) -> None:
    batch = fill(owner, files=2)
    assert why(batch) == ""

    age(batch)

    assert why(batch) == NO_WORKER


def test_worker_that_has_just_stopped_is_not_missed_yet(owner: User) -> None:
    batch = fill(owner, files=2)
    age(batch)

    with fake_worker():
        pass

    assert why(batch) == ""


def test_file_in_the_hand_of_a_dead_worker_waits_too(owner: User) -> None:
    batch = fill(owner, files=1)
    assert claim.claim_item(batch.id, 4711) is not None
    age(batch)

    assert why(batch) == NO_WORKER


def test_paused_batch_waits_for_its_owner_alone(owner: User) -> None:
    batch = fill(owner, files=2)
    pause.pause_batch(batch.id)
    age(batch)

    assert why(batch) == ""


def test_reasons_of_many_batches_are_told_apart(owner: User) -> None:
    still, paused = fill(owner, files=1), fill(owner, files=1, name="Norway")
    pause.pause_batch(paused.id)

    with fake_worker(*FULL):
        assert list(stall_reasons(UploadBatch.objects.all())) == [still.id]


def test_unknown_cause_is_named_by_its_code() -> None:
    assert waiting_for("tape.away", "The tape is away.").text == "Waiting for tape.away: The tape is away."


def test_page_shows_what_is_waited_for_and_no_time_left(owner: User, client: Client) -> None:
    batch = fill(owner, files=2)
    client.force_login(owner)

    with fake_worker("storage.full", "No room for <b>."):
        page = client.get(reverse("batch-detail", args=[batch.id])).content.decode()

    assert 'Waiting for the storage: <span lang="en">No room for &lt;b&gt;.</span></p>' in page
    assert "Time left" not in page


def test_page_of_a_batch_that_goes_on_says_nothing_of_it(owner: User, client: Client) -> None:
    batch = fill(owner, files=2)
    client.force_login(owner)

    with fake_worker():
        page = client.get(reverse("batch-detail", args=[batch.id])).content.decode()

    assert "Waiting for the" not in page
    assert "No worker" not in page


def test_crew_walks_the_small_indexes(owner: User) -> None:
    batch_id = rows.fill(4_000)

    used = indexes(WORKER_STATE, locks=WORKER_LOCK_CLASS, batches=[batch_id])

    assert used >= {"item_queue", "item_processing"}
