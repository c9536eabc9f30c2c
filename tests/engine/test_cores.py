"""Files that only wait for a core do not hang, are in no stage, and hear that they are not wanted."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection
from pytest_django.fixtures import Settings

from batches.engine import claim, pause
from batches.engine.cpu_slots import cpu_slot, slots
from batches.engine.heartbeat import beat
from batches.engine.in_flight import Claim, Job, JobStopped, in_flight
from batches.engine.runner import run_job
from batches.live.batch_snapshot import read_snapshot
from batches.models import BatchItem, UploadBatch
from batches.models.states import ItemStatus, Stage
from tests.support.batches import fill
from tests.support.waiting import wait_until
from tests.test_end_to_end import send

pytestmark = pytest.mark.django_db(transaction=True)
WORKER = 4711
SAMPLES = Path(__file__).resolve().parents[2] / "samples"


@pytest.fixture
def batch(owner: User) -> UploadBatch:
    return fill(owner, files=1)


@pytest.fixture
def taken(batch: UploadBatch) -> Claim:
    taken = claim.claim_item(batch.id, WORKER)
    assert taken is not None
    return taken


@pytest.fixture
def no_core() -> Iterator[ExitStack]:
    """Every core is busy until the stack is closed."""
    with ExitStack() as busy:
        while slots.acquire(blocking=False):
            busy.callback(slots.release)
        yield busy


@pytest.fixture
def pool(no_core: ExitStack) -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as pool:
        yield pool
        no_core.close()


def compute(held: Job, computed: threading.Event) -> None:
    """Compute as soon as a core is free."""
    with cpu_slot(held):
        computed.set()


def test_waiting_file_is_in_no_stage_and_never_hangs(
    taken: Claim, settings: Settings, no_core: ExitStack, pool: ThreadPoolExecutor
) -> None:
    settings.STAGE_SECONDS, settings.STAGE_DEADLINES = 0, {}
    computed = threading.Event()
    with in_flight.track(taken) as held:
        held.enter(Stage.PREVIEWING)
        waiting = pool.submit(compute, held, computed)
        wait_until(lambda: held.since is None)

        hung_while_waiting = beat(WORKER)
        no_core.close()
        waiting.result(5)

        assert hung_while_waiting == []
        assert computed.is_set()
        assert BatchItem.objects.get().stage == ""
        assert beat(WORKER) == [held], "the deadline runs again"


def test_file_that_waits_hears_of_a_pause(
    batch: UploadBatch, taken: Claim, no_core: ExitStack, pool: ThreadPoolExecutor
) -> None:
    with in_flight.track(taken) as held:
        waiting = pool.submit(compute, held, threading.Event())
        pause.pause_batch(batch.id)
        beat(WORKER)

        assert isinstance(waiting.exception(5), JobStopped)


def test_real_file_goes_back_from_its_wait(owner: User, no_core: ExitStack, pool: ThreadPoolExecutor) -> None:
    batch = send(owner, [SAMPLES / "coffee.jpg"])
    taken = claim.claim_item(batch.id, WORKER)
    assert taken is not None

    def work() -> None:
        run_job(taken)
        connection.close()

    working = pool.submit(work)
    wait_until(lambda: [held for held in in_flight.jobs() if held.since is None])
    pause.pause_batch(batch.id)
    beat(WORKER)

    working.result(5)
    assert batch.items.get().status == ItemStatus.PENDING


def test_page_shows_no_stage_that_has_not_begun(batch: UploadBatch, taken: Claim) -> None:
    snapshot = read_snapshot(batch.id)

    assert snapshot is not None
    assert [(file.stage_label, file.step) for file in snapshot.in_progress] == [("In progress", 0)]
