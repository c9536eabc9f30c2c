"""Fault drills of `make chaos`: several servers, workers and reconcilers, and one file sent over ten connections."""

import math
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from batches.models import Worker
from tests.chaos.chaos_batches import crash_count
from tests.chaos.conftest import StartDrill
from tests.chaos.drill import Drill
from tests.chaos.drill_audit import assert_exact, assert_sent_photos_completed
from tests.support.worker_processes import ROOT
from uploads.models import Upload
from vuemantics.localstack.process import die_with_parent

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.chaos_long, pytest.mark.timeout(1200)]
CONNECTIONS = 10


@contextmanager
def reconcilers(drill: Drill, count: int) -> Iterator[None]:
    """Run `manage.py reconcile` in `count` processes while the block runs. Fail if one of them ends earlier."""
    command = [sys.executable, "manage.py", "reconcile"]
    env = drill.env | {"VUEMANTICS_RECONCILE_SECONDS": "0.2"}
    running = [
        subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, preexec_fn=die_with_parent(signal.SIGTERM)
        )
        for _ in range(count)
    ]
    try:
        yield
        assert [process.poll() for process in running] == [None] * count
    finally:
        for process in running:
            process.kill()
            process.wait()


def send_at_once(drill: Drill, names: list[str], data: bytes) -> None:
    """Send `data` under each name in `names`. Send no bytes until all uploads have been created."""
    drill.uploader.limit = 0
    with ThreadPoolExecutor(len(names)) as pool:
        sending = [pool.submit(drill.uploader.send, name, data) for name in names]
        try:
            drill.wait_until(lambda: drill.uploader.statuses[201] >= len(names))
        finally:
            drill.uploader.limit = math.inf
    for sent in sending:
        sent.result()


def test_two_of_everything_process_each_file_once(start_drill: StartDrill) -> None:
    drill = start_drill(sites=2, processes=4)

    with reconcilers(drill, 2):
        with drill.sending():
            drill.uploader.limit = math.inf
            drill.wait_until(lambda: len(drill.workers.pids()) == 4)
        drill.finish()

    assert_sent_photos_completed(drill.batch, drill.photos)
    assert_exact([drill.batch])
    assert crash_count(drill.batch) == 0
    assert Worker.objects.count() == 4, "a worker was taken for dead"


@pytest.mark.parametrize("same_name", [True, False], ids=["one name", "ten names"])
def test_same_file_over_ten_connections_is_stored_once(start_drill: StartDrill, same_name: bool) -> None:
    drill = start_drill(sites=2)
    photo = drill.photos[0]
    names = [photo.name if same_name else f"{number}.jpg" for number in range(CONNECTIONS)]

    send_at_once(drill, names, photo.read_bytes())
    drill.finish()

    assert drill.batch.successful == drill.batch.total == len(set(names))
    assert set(drill.batch.items.values_list("filename", flat=True)) == set(names)
    assert Upload.objects.count() == 1
    if same_name:
        assert drill.uploader.statuses[409] + drill.uploader.statuses[423] > 0, "the connections did not overlap"
    assert_exact([drill.batch])
