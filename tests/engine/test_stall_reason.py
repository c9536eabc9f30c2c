"""Pages say why a batch makes no progress."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from batches.engine import claim, liveness, pause
from batches.engine.stall_reason import RESTART_TIME, WORKER_STATE, stall_reasons
from batches.live.batch_snapshot import read_snapshot
from batches.models import UploadBatch, Worker
from bench import rows
from tests.support.batches import make_batch
from tests.support.fake_workers import fake_worker
from tests.support.query_plans import indexes, truncate_tables

pytestmark = pytest.mark.django_db(transaction=True)
NO_WORKER = "No worker is running. Your files are safe and will be processed as soon as one starts."
FULL = ("storage.full", "The disk is full.")


def make_inactive(batch: UploadBatch) -> None:
    """Make the last activity of the batch and of the workers one second older than `RESTART_TIME`."""
    long_ago = timezone.now() - RESTART_TIME - timedelta(seconds=1)
    UploadBatch.objects.filter(id=batch.id).update(started_at=long_ago, last_served=long_ago)
    Worker.objects.update(started_at=long_ago)
    Worker.objects.filter(stopped_at__isnull=False).update(stopped_at=long_ago)


def reason_shown(batch: UploadBatch) -> str:
    """Return the stall reason in the batch's snapshot, or an empty string."""
    snapshot = read_snapshot(batch.id)
    assert snapshot is not None
    return snapshot.stall.text if snapshot.stall else ""


def test_batch_is_stalled_when_every_live_worker_is(owner: User) -> None:
    batch = make_batch(owner, files=2)

    with fake_worker(*FULL), fake_worker(*FULL):
        assert reason_shown(batch) == "Waiting for the storage: The disk is full."


def test_batch_is_not_stalled_while_one_worker_is_free(owner: User) -> None:
    batch = make_batch(owner, files=2)
    make_inactive(batch)

    with fake_worker(*FULL), fake_worker():
        assert reason_shown(batch) == ""


def test_stall_of_a_dead_worker_does_not_count(owner: User) -> None:
    batch = make_batch(owner, files=2)
    with fake_worker(*FULL):
        pass

    with fake_worker():
        assert reason_shown(batch) == ""


def test_missing_workers_are_shown_after_some_seconds(owner: User) -> None:
    batch = make_batch(owner, files=2)
    assert reason_shown(batch) == ""

    make_inactive(batch)

    assert reason_shown(batch) == NO_WORKER


def test_worker_that_has_just_stopped_counts_as_restarting(owner: User) -> None:
    batch = make_batch(owner, files=2)
    make_inactive(batch)

    with fake_worker():
        pass

    assert reason_shown(batch) == ""


def test_item_claimed_by_a_dead_worker_waits_too(owner: User) -> None:
    batch = make_batch(owner, files=1)
    assert claim.claim_item(batch.id, 4711) is not None
    make_inactive(batch)

    assert reason_shown(batch) == NO_WORKER


def test_frozen_workers_are_shown(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = make_batch(owner, files=1)
    with fake_worker(), fake_worker(*FULL):
        monkeypatch.setattr(liveness, "SILENCE", timedelta(0))

        assert reason_shown(batch).startswith("The workers are not responding.")


def test_paused_batch_is_not_stalled(owner: User) -> None:
    batch = make_batch(owner, files=2)
    pause.pause_batch(batch.id)
    make_inactive(batch)

    assert reason_shown(batch) == ""


def test_reasons_of_several_batches_are_kept_apart(owner: User) -> None:
    still, paused = make_batch(owner, files=1), make_batch(owner, files=1, name="Norway")
    pause.pause_batch(paused.id)

    with fake_worker(*FULL):
        assert list(stall_reasons(UploadBatch.objects.all())) == [still.id]


def test_page_of_a_stalled_batch_shows_the_reason_and_no_time_left(owner: User, client: Client) -> None:
    batch = make_batch(owner, files=2)
    client.force_login(owner)

    with fake_worker("storage.full", "No room for <b>."):
        page = client.get(reverse("batch-detail", args=[batch.id])).content.decode()

    assert 'Waiting for the storage: <span lang="en">No room for &lt;b&gt;.</span>' in page
    assert "Time left" not in page


def test_page_of_a_batch_that_advances_shows_no_reason(owner: User, client: Client) -> None:
    batch = make_batch(owner, files=2)
    client.force_login(owner)

    with fake_worker():
        page = client.get(reverse("batch-detail", args=[batch.id])).content.decode()

    assert "Waiting for the" not in page
    assert "No worker" not in page


def test_worker_state_uses_the_small_indexes(owner: User) -> None:
    truncate_tables()
    batch_id = rows.fill(4_000)

    used = indexes(WORKER_STATE, **liveness.heartbeat_parameters(), batches=[batch_id])

    assert used >= {"item_queue", "item_processing"}
