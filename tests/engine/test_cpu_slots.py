"""A job that waits for a CPU slot is in no stage, has no deadline, and can be stopped."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connection
from pytest_django.fixtures import Settings

from batches.engine import claim, cpu_slots, pause
from batches.engine.cpu_slots import cpu_slot, slots
from batches.engine.heartbeat import beat
from batches.engine.in_flight import Claim, Job, JobStopped, in_flight
from batches.engine.liveness import identity
from batches.engine.runner import run_job
from batches.engine.time_slice import may_claim
from batches.live.batch_snapshot import read_snapshot
from batches.models import BatchItem, UploadBatch
from batches.models.states import ItemStatus, Stage
from tests.support.batches import make_batch
from tests.support.waiting import wait_until
from tests.test_end_to_end import send

pytestmark = pytest.mark.django_db(transaction=True)
WORKER = 4711
SAMPLES = Path(__file__).resolve().parents[2] / "samples"


@pytest.fixture
def batch(owner: User) -> UploadBatch:
    return make_batch(owner, files=1)


@pytest.fixture
def claimed(batch: UploadBatch) -> Claim:
    claimed = claim.claim_item(batch.id, WORKER)
    assert claimed is not None
    return claimed


@pytest.fixture
def no_free_slot() -> Iterator[ExitStack]:
    """Occupy every CPU slot until the yielded `ExitStack` is closed."""
    cpu_slots.saturated()  # clears the state that earlier tests may have left
    with ExitStack() as busy:
        while slots.acquire(blocking=False):
            busy.callback(slots.release)
        yield busy


@pytest.fixture
def pool(no_free_slot: ExitStack) -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as pool:
        yield pool
        no_free_slot.close()


def compute(job: Job, computed: threading.Event) -> None:
    with cpu_slot(job):
        computed.set()


def test_job_waiting_for_a_core_is_in_no_stage_and_has_no_deadline(
    claimed: Claim, settings: Settings, no_free_slot: ExitStack, pool: ThreadPoolExecutor
) -> None:
    settings.STAGE_SECONDS, settings.STAGE_DEADLINES = 0, {}
    computed = threading.Event()
    with in_flight.track(claimed) as job:
        job.enter(Stage.PREVIEWING)
        waiting = pool.submit(compute, job, computed)
        wait_until(lambda: job.since is None)

        hung_while_waiting = beat(WORKER)
        no_free_slot.close()
        waiting.result(60)

        assert hung_while_waiting == []
        assert computed.is_set()
        assert BatchItem.objects.get().stage == ""
        assert beat(WORKER) == [job], "the deadline was not set again"


def test_job_waiting_for_a_core_is_stopped_by_a_pause(
    batch: UploadBatch, claimed: Claim, no_free_slot: ExitStack, pool: ThreadPoolExecutor
) -> None:
    with in_flight.track(claimed) as job:
        waiting = pool.submit(compute, job, threading.Event())
        pause.pause_batch(batch.id)
        beat(WORKER)

        assert isinstance(waiting.exception(60), JobStopped)


def test_real_file_waiting_for_a_core_is_released(
    owner: User, no_free_slot: ExitStack, pool: ThreadPoolExecutor
) -> None:
    batch = send(owner, [SAMPLES / "coffee.jpg"])
    claimed = claim.claim_item(batch.id, WORKER)
    assert claimed is not None

    def work() -> None:
        run_job(claimed)
        connection.close()

    working = pool.submit(work)
    wait_until(lambda: [job for job in in_flight.jobs() if job.since is None])
    pause.pause_batch(batch.id)
    beat(WORKER)

    working.result(60)
    assert batch.items.get().status == ItemStatus.PENDING


def test_page_shows_no_stage_before_the_first(batch: UploadBatch, claimed: Claim) -> None:
    snapshot = read_snapshot(batch.id)

    assert snapshot is not None
    assert [(file.stage_label, file.step) for file in snapshot.in_progress] == [("In progress", 0)]


def test_file_that_waits_too_long_for_a_core_is_released_uncharged(
    owner: User, no_free_slot: ExitStack, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cpu_slots, "MAX_WAIT_SECONDS", 0)
    batch = send(owner, [SAMPLES / "coffee.jpg"])
    claimed = claim.claim_item(batch.id, WORKER)
    assert claimed is not None

    def work() -> None:
        run_job(claimed)
        connection.close()

    pool.submit(work).result(30)

    item = batch.items.get()
    assert (item.status, item.crash_count, item.lost_worker) == (ItemStatus.PENDING, 0, None)


def test_process_whose_cores_stay_busy_claims_nothing(
    batch: UploadBatch, no_free_slot: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cpu_slots, "MAX_WAIT_SECONDS", 0)
    monkeypatch.setattr(identity, "id", WORKER)
    assert may_claim()

    with pytest.raises(JobStopped), cpu_slot(Job(Claim(0, batch.id, uuid4()))):
        pass
    assert not may_claim()

    no_free_slot.close()
    assert may_claim()
