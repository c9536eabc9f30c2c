"""Fault drills of `make chaos`: no fault that occurs while photos are sent and processed changes the result."""

import math
from collections.abc import Callable

import pytest

from batches import services
from batches.models.states import BatchStatus, ItemStatus
from tests.chaos import finish_audit, process_faults, storage_faults
from tests.chaos.chaos_batches import crash_count
from tests.chaos.conftest import StartDrill
from tests.chaos.drill import Drill
from tests.chaos.drill_audit import assert_exact, assert_sent_photos_completed

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.chaos_long, pytest.mark.timeout(1200)]
FINISHED_BEFORE = 5
Fault = Callable[[Drill], None]


def run(drill: Drill, fault: Fault) -> None:
    """Cause the fault while photos are being sent and processed, and wait until all photos are processed.

    The uploader pauses after half of the bytes until the fault is caused, so that the fault also interrupts uploads.
    """
    with drill.sending():
        drill.wait_until(lambda: finish_audit.count() >= FINISHED_BEFORE)
        drill.uploader.limit = math.inf
        fault(drill)
    drill.finish()


@pytest.mark.parametrize(
    ("fault", "disk_mib"),
    [
        pytest.param(storage_faults.disk_full, 64, id="disk full"),
        pytest.param(storage_faults.disk_read_only, 64, id="media read-only"),
        pytest.param(process_faults.postgres_frozen, 0, id="PostgreSQL frozen"),
        pytest.param(process_faults.postgres_killed, 0, id="PostgreSQL killed"),
        pytest.param(process_faults.redis_killed, 0, id="Redis killed"),
        pytest.param(process_faults.web_killed, 0, id="web server killed"),
        pytest.param(process_faults.workers_frozen, 0, id="workers frozen"),
    ],
)
def test_fault_loses_no_file(start_drill: StartDrill, fault: Fault, disk_mib: int) -> None:
    drill = start_drill(disk_mib=disk_mib)

    run(drill, fault)

    assert_sent_photos_completed(drill.batch, drill.photos)
    assert_exact([drill.batch])
    assert crash_count(drill.batch) == 0


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(process_faults.workers_killed, id="25 worker kills"),
        pytest.param(process_faults.all_killed, id="all four killed"),
    ],
)
def test_killed_workers_lose_no_file(start_drill: StartDrill, fault: Fault) -> None:
    drill = start_drill()

    run(drill, fault)

    # A photo that was in progress during three kills is treated as one that crashes workers, until it is retried.
    failed = drill.batch.items.filter(status=ItemStatus.FAILED)
    assert set(failed.values_list("error_code", flat=True)) <= {"item.poison"}
    if count := failed.count():
        assert services.retry_failed(services.owner_scope(drill.owner), drill.batch.id) == count
        drill.finish()
    assert_sent_photos_completed(drill.batch, drill.photos)
    assert_exact([drill.batch])


def test_originals_deleted_during_an_import_fail_alone_and_can_be_sent_again(start_drill: StartDrill) -> None:
    drill = start_drill()

    run(drill, storage_faults.originals_deleted)
    drill.batch.refresh_from_db()
    first = (drill.batch.status, drill.batch.successful, drill.batch.failed)
    again = drill.send_again()

    lost = storage_faults.LOST_ORIGINALS
    assert first == (BatchStatus.COMPLETED, len(drill.photos) - lost, lost)
    assert_sent_photos_completed(again, drill.photos)
    assert_exact([drill.batch, again])
