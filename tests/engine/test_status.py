"""The status of the engine: workers, waiting files, recoveries and wake-ups."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from batches.engine import claim, pause, status
from batches.messaging import wake_ups
from batches.models import BatchItem, Worker
from bench import rows
from tests.conftest import StartWorker
from tests.support.batches import make_batch
from tests.support.fake_workers import fake_worker
from tests.support.query_plans import indexes, truncate_tables
from tests.support.servers import Services
from tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
DEAD = 4711


def test_status_shows_a_live_worker_with_its_files(owner: User) -> None:
    batch = make_batch(owner, files=3)
    with fake_worker() as worker:
        claimed = claim.claim_item(batch.id, worker.id)
        assert claimed is not None
        BatchItem.objects.filter(id=claimed.item_id).update(started_at=timezone.now() - timedelta(seconds=30))

        found = status.read_status()

    (shown,) = found.workers
    assert (shown.id, shown.host, shown.pid, shown.threads) == (worker.id, worker.host, worker.pid, worker.threads)
    (file,) = shown.in_flight
    assert (file.item, file.batch, file.name) == (claimed.item_id, batch.id, "IMG_0000.JPG")
    assert 30 <= file.seconds < 60
    assert (found.in_flight, found.waiting, found.orphaned_files, found.stalled) == (1, 2, (), False)


def test_status_counts_pending_items_of_running_batches_only(owner: User) -> None:
    first = make_batch(owner, files=2)
    make_batch(owner, files=3, name="Norway")
    pause.pause_batch(make_batch(owner, files=4, name="Peru").id)

    found = status.read_status()

    assert (found.waiting, found.waiting_bounded) == (5, False)
    assert found.oldest_waiting == first.items.order_by("queue_position")[0].created_at


def test_status_says_when_the_count_is_bounded(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "MAX_COUNTED", 3)
    make_batch(owner, files=2)
    make_batch(owner, files=3, name="Norway")

    found = status.read_status()

    assert (found.waiting, found.waiting_bounded) == (3, True)


def test_status_without_work_is_empty() -> None:
    found = status.read_status()

    assert (found.workers, found.waiting, found.oldest_waiting, found.wake_ups) == ((), 0, None, 0)
    assert not found.stalled


def test_status_shows_orphaned_files(owner: User) -> None:
    batch = make_batch(owner, files=1)
    assert claim.claim_item(batch.id, DEAD) is not None

    found = status.read_status()

    assert [file.name for file in found.orphaned_files] == ["IMG_0000.JPG"]
    assert found.stalled


def test_status_shows_stalled_workers() -> None:
    with fake_worker(), fake_worker("storage.full", "The disk is full.") as stalled:
        found = status.read_status()

    assert len(found.workers) == 2
    assert [(each.id, each.stall_message) for each in found.stalled_workers] == [(stalled.id, "The disk is full.")]
    assert found.stalled_workers[0].stalled_since is not None


def test_status_shows_the_newest_recoveries() -> None:
    now = timezone.now()
    Worker.objects.create(host="a", pid=1, threads=1)
    for number in range(status.RECOVERIES_SHOWN + 2):
        Worker.objects.create(host="b", pid=number, threads=1, recovered=number + 1, recovered_at=now)

    found = status.read_status().recoveries

    assert len(found) == status.RECOVERIES_SHOWN
    assert (found[0].files, found[0].at, found[-1].files) == (12, now, 3)


def test_status_counts_wake_ups() -> None:
    wake_ups.send_wake_ups(3)

    assert status.read_status().wake_ups == 3


def test_status_works_without_redis(owner: User, services: Services) -> None:
    make_batch(owner, files=1)
    services.stop_redis()

    found = status.read_status()

    assert (found.wake_ups, found.waiting) == (None, 1)


def test_status_takes_the_same_queries_for_one_batch_and_many(
    owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(4):
        make_batch(owner, files=2, name=f"Day {number}")

    with fake_worker(), django_assert_num_queries(3):  # plus two prepared statements, which Django does not count
        status.read_status()


def test_status_uses_the_small_indexes(owner: User) -> None:
    truncate_tables()
    batch_id = rows.fill(4_000)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE batches_uploadbatch SET status = 'processing' WHERE id = %s", [batch_id])

    assert indexes(status.QUEUE_DEPTH, limit=status.MAX_COUNTED) >= {"item_queue"}
    assert indexes("SELECT id FROM batches_batchitem WHERE status = 'processing'") == {"item_processing"}


def test_status_shows_a_real_worker_until_it_dies(owner: User, start_worker: StartWorker) -> None:
    make_batch(owner, files=300)
    workers = start_worker(processes=1, threads=2, env={"TEST_PROCESSOR": "tests.support.processors.slow"})
    wait_until(lambda: status.read_status().in_flight > 0, 20)
    assert [worker.pid for worker in status.read_status().workers] == workers.pids()

    workers.kill_all()

    wait_until(lambda: not status.read_status().workers, 10)
    assert status.read_status().stalled
