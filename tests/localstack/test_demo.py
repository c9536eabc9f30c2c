"""`manage.py demo`, with and without workers that are already running."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from batches.engine.liveness import live_workers
from batches.models import UploadBatch, Worker
from tests.conftest import StartWorker
from tests.support.fake_workers import fake_worker
from tests.support.users import make_user
from tests.support.worker_processes import ROOT
from vuemantics.localstack.paths import run_folder


@pytest.fixture
def bare_machine(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Environment variables as on a machine on which nothing runs yet."""
    replaced = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY"}
    env = {key: value for key, value in os.environ.items() if key not in replaced}
    env |= {"VUEMANTICS_VAR": str(tmp_path / "var"), "PYTHONUNBUFFERED": "1", "VUEMANTICS_WORKER_PROCESSES": "1"}
    yield env
    shutil.rmtree(run_folder(tmp_path / "var"), ignore_errors=True)


def run_demo() -> str:
    output = StringIO()
    call_command("demo", stdout=output)
    return output.getvalue()


@pytest.mark.timeout(300)
def test_demo_on_a_bare_machine_describes_all_photos_and_stops_what_it_started(bare_machine: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "demo"],
        cwd=ROOT,
        env=bare_machine,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "5 of 5 completed for admin." in done.stdout
    rows = [line.lower() for line in done.stdout.splitlines() if ".jpg" in line]
    assert [row.split()[1] for row in rows] == [
        *["astronaut.jpg", "chelsea.jpg", "coffee.jpg", "hubble_deep_field.jpg", "rocket.jpg"]
    ]
    assert "cat" in rows[1]
    assert "coffee" in rows[2].replace("coffee.jpg", "")
    assert not Path(run_folder(Path(bare_machine["VUEMANTICS_VAR"])) / "redis" / "redis.sock").exists()


@pytest.mark.timeout(300)
@pytest.mark.django_db(transaction=True)
def test_demo_uses_running_workers_and_succeeds_again_with_duplicates(start_worker: StartWorker) -> None:
    make_user("demo")
    start_worker()
    living = live_workers()

    first, second = run_demo(), run_demo()

    assert "5 of 5 completed for demo." in first
    assert "5 of 5 completed for demo (5 already in the library)." in second
    assert "rocket" in second.replace("rocket.jpg", "")
    assert live_workers() == living
    assert Worker.objects.count() == len(living)
    assert UploadBatch.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_demo_beyond_a_limit_reports_it(settings: Settings) -> None:
    settings.MAX_BATCH_FILES = 1
    make_user("demo")

    with fake_worker(), pytest.raises(CommandError, match="This import is full"):
        run_demo()
