"""`manage.py demo` through a running stack and through one of its own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from batches.engine.liveness import live_workers
from batches.models import UploadBatch, Worker
from tests.conftest import StartWorker
from tests.support.users import make_user
from tests.support.worker_processes import ROOT
from vuemantics.localstack.paths import run_folder


def demo(env: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run it to its end."""
    command = [sys.executable, "manage.py", "demo"]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=110, check=False)


@pytest.fixture
def own_stack(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a machine on which nothing runs yet."""
    theirs = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY"}
    env = {key: value for key, value in os.environ.items() if key not in theirs}
    yield env | {"VUEMANTICS_VAR": str(tmp_path / "var"), "PYTHONUNBUFFERED": "1"}
    shutil.rmtree(run_folder(tmp_path / "var"), ignore_errors=True)


@pytest.mark.timeout(180)
def test_demo_from_nothing_describes_all_and_stops_what_it_started(own_stack: dict[str, str]) -> None:
    done = demo(own_stack)

    assert done.returncode == 0, done.stderr
    assert "First account: user name admin" in done.stdout
    assert "5 of 5 completed, for admin." in done.stdout
    rows = [line.lower() for line in done.stdout.splitlines() if ".jpg" in line]
    assert [row.split()[1] for row in rows] == [
        *["astronaut.jpg", "chelsea.jpg", "coffee.jpg", "hubble_deep_field.jpg", "rocket.jpg"]
    ]
    assert "cat" in rows[1]
    assert "coffee" in rows[2].replace("coffee.jpg", "")
    assert not Path(run_folder(Path(own_stack["VUEMANTICS_VAR"])) / "redis" / "redis.sock").exists()


@pytest.mark.timeout(180)
@pytest.mark.django_db(transaction=True)
def test_demo_uses_the_running_workers_and_ends_well_a_second_time(
    worker_env: dict[str, str], start_worker: StartWorker
) -> None:
    make_user("demo")
    start_worker()
    living = live_workers()

    first, second = demo(worker_env), demo(worker_env)

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert "5 of 5 completed, for demo." in first.stdout
    assert "5 of 5 completed (5 were in the library of demo already)." in second.stdout
    assert "rocket" in second.stdout.replace("rocket.jpg", "")
    assert live_workers() == living
    assert Worker.objects.count() == len(living)
    assert UploadBatch.objects.count() == 2


@pytest.mark.timeout(180)
@pytest.mark.django_db(transaction=True)
def test_demo_that_may_add_no_more_says_so_in_a_line(worker_env: dict[str, str], start_worker: StartWorker) -> None:
    make_user("demo")
    start_worker()

    done = demo(worker_env | {"VUEMANTICS_MAX_BATCH_FILES": "1"})

    assert done.returncode == 1
    assert "CommandError: One batch takes 1 files." in done.stderr
    assert "Traceback" not in done.stderr
