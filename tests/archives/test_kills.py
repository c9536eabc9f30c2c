"""No file is lost or added twice if workers are killed while they unpack an archive."""

import random

import pytest

from batches.models import UploadBatch
from batches.models.states import BatchStatus
from tests.archives.conftest import Send, picture
from tests.chaos.respawning_workers import RespawningWorkers
from tests.conftest import StartWorker
from tests.support.archives import zipped
from tests.support.batches import assert_counters_match
from uploads.models import Upload

pytestmark = pytest.mark.django_db(transaction=True)
FILES = 60
KILLS = 2  # a file fails only after more crashes than this


def test_killed_workers_neither_lose_nor_duplicate_files(send: Send, start_worker: StartWorker, no_grace: None) -> None:
    halves = [range(FILES // 2), range(FILES // 2, FILES)]
    parts = [zipped({f"Photos/{number}.jpg": picture(number) for number in half}) for half in halves]
    batch = send({"takeout-001.zip": parts[0], "takeout-002.zip": parts[1]})
    env = {
        "TEST_PROCESSOR": "tests.support.processors.unpacking",
        "VUEMANTICS_GRACE_SECONDS": "0",
        "VUEMANTICS_RECONCILE_SECONDS": "0.2",
    }
    workers = RespawningWorkers(lambda: start_worker(processes=1, threads=2, env=env), 1)
    chance = random.Random(4)

    for kill in range(KILLS):
        done = FILES * kill // (KILLS + 1)
        workers.wait_until(lambda done=done: processed(batch) >= done, 60)  # type: ignore[misc]
        workers.kill_child(chance)
    workers.wait_until(lambda: UploadBatch.objects.get(id=batch.id).status == BatchStatus.COMPLETED, 120)

    assert_counters_match(batch)
    assert (batch.archives, batch.new, batch.failed, batch.total) == (2, FILES, 0, FILES + 2)
    assert len(set(batch.items.values_list("relative_path", flat=True))) == FILES + 2
    assert Upload.objects.filter(kind="image").count() == FILES


def processed(batch: UploadBatch) -> int:
    return batch.items.filter(status="completed").count()
