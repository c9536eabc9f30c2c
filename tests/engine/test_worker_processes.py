"""Real worker processes, with a hung item, a failed registration, lost locks, or busy cores."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection

from batches.engine import lifecycle
from batches.engine.liveness import WORKER_LOCK_CLASS
from batches.models import Worker
from batches.models.states import BatchStatus, ItemStatus
from tests.conftest import StartWorker
from tests.support.batches import assert_counters_match, make_batch
from tests.support.waiting import wait_until
from uploads.models import Upload

pytestmark = pytest.mark.django_db(transaction=True)
NOOP = {"TEST_PROCESSOR": "bench.noop.process", "VUEMANTICS_GRACE_SECONDS": "0"}
REFUSE = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not now'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON batches_worker EXECUTE FUNCTION refuse();
"""
END_LOCK_SESSIONS = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s"


def test_hung_item_ends_its_process_and_fails_alone(owner: User, start_worker: StartWorker) -> None:
    batch = make_batch(owner, files=6)
    lifecycle.seal_batch(batch.id)
    hangs = batch.items.order_by("id")[2]
    batch.items.filter(id=hangs.id).update(crash_count=2)
    env = NOOP | {
        "TEST_PROCESSOR": "tests.support.processors.hanging",
        "HANGING_ITEM": str(hangs.id),
        "VUEMANTICS_STAGE_DEADLINES": "describing=3",
    }

    start_worker(processes=1, threads=2, env=env, ready=False).main.wait(120)
    start_worker(processes=1, threads=2, env=env)

    wait_until(lambda: type(batch).objects.get(id=batch.id).status == BatchStatus.COMPLETED, 30)
    assert_counters_match(batch)
    assert (batch.successful, batch.failed) == (5, 1)
    hangs.refresh_from_db()
    assert (hangs.error_code, hangs.crash_count) == ("item.poison", 3)


def test_worker_that_cannot_register_at_start_works_later(owner: User, start_worker: StartWorker) -> None:
    batch = make_batch(owner, files=20)
    lifecycle.seal_batch(batch.id)
    with connection.cursor() as cursor:
        cursor.execute(REFUSE)
    try:
        workers = start_worker(env=NOOP)
        assert not Worker.objects.exists()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION refuse CASCADE")

    wait_until(lambda: type(batch).objects.get(id=batch.id).status == BatchStatus.COMPLETED, 30)
    assert "Traceback" not in workers.text()


def test_workers_that_lose_their_locks_cause_no_crash(owner: User, start_worker: StartWorker) -> None:
    batch = make_batch(owner, files=300)
    lifecycle.seal_batch(batch.id)
    env = NOOP | {"TEST_PROCESSOR": "tests.support.processors.patient", "VUEMANTICS_RECONCILE_SECONDS": "0.2"}
    start_worker(processes=2, threads=2, env=env)
    wait_until(lambda: batch.items.filter(status="completed").count() >= 5, 20)

    for done in (40, 80, 120):
        with connection.cursor() as cursor:
            cursor.execute(END_LOCK_SESSIONS, [WORKER_LOCK_CLASS])
        wait_until(lambda done=done: batch.items.filter(status="completed").count() >= done, 30)  # type: ignore[misc]

    wait_until(lambda: type(batch).objects.get(id=batch.id).status == BatchStatus.COMPLETED, 60)
    assert_counters_match(batch)
    assert batch.successful == 300
    wait_until(lambda: not batch.items.filter(lost_worker__isnull=False).exists())
    assert not batch.items.filter(crash_count__gt=0).exists()
    assert Worker.objects.filter(recovered__gt=0).exists(), "the lost lock was never noticed"
    assert set(Upload.objects.filter(owner=owner).values_list("duration", flat=True)) == {1}


def test_file_that_waits_for_a_busy_core_is_processed_by_another_process(
    owner: User, start_worker: StartWorker, tmp_path: Path
) -> None:
    batch = make_batch(owner, files=2)
    lifecycle.seal_batch(batch.id)
    busy, waiting = batch.items.order_by("id")
    busy_while = tmp_path / "busy"
    busy_while.touch()
    env = NOOP | {"TEST_PROCESSOR": "tests.support.processors.needing_a_core", "BUSY_ITEM": str(busy.id)}
    env |= {"BUSY_WHILE": str(busy_while), "VUEMANTICS_WORKER_PROCESSES": "1000"}  # gives each process one slot
    start_worker(processes=1, threads=2, env=env)
    wait_until(lambda: not batch.items.filter(attempts=0).exists(), 20)

    start_worker(processes=1, threads=2, env=env)

    wait_until(lambda: batch.items.filter(id=waiting.id, status=ItemStatus.COMPLETED, attempts=2).exists(), 20)
    assert batch.items.get(id=busy.id).status == ItemStatus.PROCESSING
    busy_while.unlink()
    wait_until(lambda: type(batch).objects.get(id=batch.id).status == BatchStatus.COMPLETED, 20)
    assert set(batch.items.values_list("attempts", "crash_count")) == {(1, 0), (2, 0)}
