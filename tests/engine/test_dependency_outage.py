"""During an outage of the model server, no item fails and the outage is shown. Afterwards, work resumes by itself."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User

from batches.engine import lifecycle
from batches.engine.status import read_status
from batches.live.batch_snapshot import BatchSnapshot, read_snapshot
from batches.models import UploadBatch
from batches.models.states import BatchStatus, ItemStatus
from tests.conftest import StartWorker
from tests.support.batches import assert_counters_match, make_batch
from tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def snapshot_of(batch: UploadBatch) -> BatchSnapshot:
    snapshot = read_snapshot(batch.id)
    assert snapshot is not None
    return snapshot


def test_outage_of_the_model_server_is_shown_and_fails_no_file(
    owner: User, start_worker: StartWorker, tmp_path: Path
) -> None:
    batch = make_batch(owner, files=150)
    lifecycle.seal_batch(batch.id)
    outage = tmp_path / "away"
    env = {"TEST_PROCESSOR": "tests.support.processors.slow_unreachable", "UNREACHABLE_WHILE": str(outage)}
    start_worker(processes=2, threads=2, env=env)
    wait_until(lambda: batch.items.filter(status=ItemStatus.COMPLETED).count() >= 20, 30)

    outage.touch()
    wait_until(lambda: len(read_status().stalled_workers) == 2, 20)
    wait_until(lambda: not batch.items.filter(status=ItemStatus.PROCESSING).exists(), 20)
    done = batch.items.filter(status=ItemStatus.COMPLETED).count()
    assert (stall := snapshot_of(batch).stall) is not None
    assert stall.text == "Waiting for the model server: The model server does not answer."
    assert {worker.stall_code for worker in read_status().stalled_workers} == {"model.away"}
    outage.unlink()

    wait_until(lambda: snapshot_of(batch).batch.status == BatchStatus.COMPLETED, 60)
    assert snapshot_of(batch).stall is None
    wait_until(lambda: not read_status().stalled_workers)
    assert 20 <= done < 150
    assert_counters_match(batch)
    assert (batch.successful, batch.failed) == (150, 0)
    assert not batch.items.filter(crash_count__gt=0).exists()
