"""The output and exit status of `manage.py engine_status`."""

import io
import json
import os
import re
import signal
import subprocess
import sys
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from batches.engine import claim, liveness
from batches.models.states import ItemStatus
from tests.conftest import StartWorker
from tests.support.batches import make_batch
from tests.support.fake_workers import fake_worker
from tests.support.servers import Services
from tests.support.waiting import wait_until
from tests.support.worker_processes import ROOT

pytestmark = pytest.mark.django_db(transaction=True)


def run_command(*arguments: str) -> tuple[str, str, int]:
    """Run the command; return what it writes to stdout and stderr, and its exit status."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("engine_status", *arguments, stdout=out, stderr=err)
    except SystemExit as end:
        return out.getvalue(), err.getvalue(), int(str(end.code))
    return out.getvalue(), err.getvalue(), 0


def test_command_shows_a_table(owner: User) -> None:
    batch = make_batch(owner, files=3)
    with fake_worker("storage.full", "The disk is full.") as worker:
        assert claim.claim_item(batch.id, worker.id) is not None

        out, err, code = run_command()

    assert (err, code) == ("", 0)
    assert worker.host[:20] in out
    assert "waits (storage.full): The disk is full." in out
    assert re.search(r"IMG_0000\.JPG: starting, \d", out)
    assert "Files waiting" in out


def test_command_prints_json(owner: User) -> None:
    batch = make_batch(owner, files=3)
    with fake_worker() as worker:
        assert claim.claim_item(batch.id, worker.id) is not None

        out, _, code = run_command("--json")

    shown = json.loads(out)
    assert code == 0
    assert set(shown) == {
        *(
            "at",
            "workers",
            "orphaned_files",
            "waiting",
            "waiting_bounded",
            "oldest_waiting",
            "wake_ups",
            "recoveries",
            "stalled",
        ),
    }
    assert (shown["waiting"], shown["stalled"], shown["workers"][0]["pid"]) == (2, False, worker.pid)
    assert shown["workers"][0]["in_flight"][0]["name"] == "IMG_0000.JPG"


def test_command_exits_with_1_when_files_wait_and_no_worker_runs(owner: User) -> None:
    make_batch(owner, files=1)

    out, err, code = run_command("--json")

    assert code == 1
    assert json.loads(out)["stalled"] is True
    assert "no worker is running" in err


def test_command_exits_with_1_when_files_wait_and_no_worker_responds(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = make_batch(owner, files=1)
    monkeypatch.setattr(liveness, "SILENCE", timedelta(0))
    with fake_worker() as worker:
        idle = run_command()
        assert claim.claim_item(batch.id, worker.id) is not None
        claimed = run_command()

    for out, err, code in (idle, claimed):
        assert code == 1
        assert "no worker has responded for 0 seconds. Stop the worker processes" in err
        assert "has not responded since" in out


def test_command_exits_with_1_while_a_real_worker_is_stopped(
    owner: User, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(liveness, "SILENCE", timedelta(seconds=1.5))
    workers = start_worker(processes=1, threads=1, env={"TEST_PROCESSOR": "bench.noop.process"})

    wait_until(liveness.live_workers)
    os.killpg(workers.main.pid, signal.SIGSTOP)
    batch = make_batch(owner, files=1)
    wait_until(lambda: run_command()[2] == 1)
    _, err, _ = run_command()
    os.killpg(workers.main.pid, signal.SIGCONT)

    assert "no worker has responded" in err
    wait_until(lambda: batch.items.filter(status=ItemStatus.COMPLETED).exists())
    wait_until(lambda: run_command()[2] == 0)  # the next heartbeat may be slightly late


def test_command_exits_with_2_when_the_database_does_not_answer(worker_env: dict[str, str], services: Services) -> None:
    services.stop_postgres()

    done = subprocess.run(
        [sys.executable, "manage.py", "engine_status"], cwd=ROOT, env=worker_env, capture_output=True, text=True
    )

    assert done.returncode == 2
    assert "The database is not available" in done.stderr
    assert "Traceback" not in done.stderr
