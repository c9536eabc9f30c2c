"""What `manage.py ingest` adds and prints, and its exit status."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError
from PIL import Image
from pytest_django import Settings

from batches.engine.lifecycle import open_batch
from batches.models import UploadBatch
from batches.models.states import BatchStatus, ItemStatus
from tests.conftest import StartWorker
from tests.support.batches import assert_counters_match
from tests.support.commands import CommandRun
from tests.support.local_files import receive_path
from tests.support.processes import restore_sigint
from tests.support.users import make_user
from tests.support.waiting import wait_until
from tests.support.worker_processes import ROOT

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada(transactional_db: None) -> User:
    """A user whose row is committed, so that other processes can see it."""
    return make_user("ada")


@pytest.fixture
def roll(tmp_path: Path) -> Path:
    """A folder with one picture, and two more in a subfolder."""
    folder = tmp_path / "Iceland"
    (folder / "day 2").mkdir(parents=True)
    for number, name in enumerate(["a.jpg", "day 2/a.jpg", "day 2/b.png"]):
        Image.new("RGB", (64, 48), (number * 80, 120, 200)).save(folder / name)
    return folder


def test_ingest_prints_the_address_of_the_page(ada: User, roll: Path, settings: Settings, tmp_path: Path) -> None:
    settings.VAR = tmp_path
    (tmp_path / "address").write_text("http://127.0.0.1:8123")

    served = CommandRun(roll / "a.jpg", "--owner", "ada")
    explicit = CommandRun(roll / "a.jpg", "--owner", "ada", "--site", "https://photos.example.org/")

    first, second = UploadBatch.objects.order_by("id")
    assert f"Import {first.id}: http://127.0.0.1:8123/batches/{first.id}/\n1 file added to “a.jpg”." in served.out
    assert f"Import {second.id}: https://photos.example.org/batches/{second.id}/\n" in explicit.out


def test_ingest_adds_a_folder_and_seals_its_batch(ada: User, roll: Path) -> None:
    run = CommandRun(roll, "--owner", "ada")

    batch = UploadBatch.objects.get()
    assert (batch.owner, batch.name, batch.total, batch.status) == (ada, "Iceland", 3, BatchStatus.PROCESSING)
    assert batch.sealed_at is not None
    paths = batch.items.order_by("id").values_list("relative_path", flat=True)
    assert list(paths) == ["Iceland/a.jpg", "Iceland/day 2/a.jpg", "Iceland/day 2/b.png"]
    assert f"http://127.0.0.1:8000/batches/{batch.id}/" in run.out
    assert (run.status, run.err) == (0, "")
    assert_counters_match(batch)


def test_ingest_does_not_change_the_source(ada: User, roll: Path) -> None:
    before = {path: path.read_bytes() for path in roll.rglob("*.*")}

    CommandRun(roll, "--owner", "ada")

    assert {path: path.read_bytes() for path in roll.rglob("*.*")} == before


def test_ingest_reports_a_refused_file_and_exits_with_one(ada: User, roll: Path) -> None:
    (roll / "notes.txt").write_text("no picture")

    run = CommandRun(roll, "--owner", "ada", "--name", "Trip")

    batch = UploadBatch.objects.get()
    assert (run.status, batch.name, batch.failed) == (1, "Trip", 1)
    assert "1 failed:" in run.err
    assert f"Iceland/notes.txt: {batch.items.get(status=ItemStatus.FAILED).error_message}" in run.err


def test_ingest_into_a_batch_adds_only_new_files(ada: User, roll: Path) -> None:
    CommandRun(roll, "--owner", "ada")
    batch = UploadBatch.objects.get()
    Image.new("RGB", (64, 48), "red").save(roll / "new.jpg")

    CommandRun(roll, "--owner", "ada", "--batch", batch.id)

    batch.refresh_from_db()
    assert (UploadBatch.objects.count(), batch.total) == (1, 4)
    assert_counters_match(batch)


def test_ingest_into_a_cancelled_batch_is_refused(ada: User, roll: Path) -> None:
    CommandRun(roll, "--owner", "ada")
    batch = UploadBatch.objects.get()
    UploadBatch.objects.update(status=BatchStatus.CANCELLED, cancelling=True, completed_at=batch.created_at)

    run = CommandRun(roll, "--owner", "ada", "--batch", batch.id)

    assert run.status == 1
    assert "was cancelled" in run.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{roll}", "--owner", "bob"], "There is no user “bob”"),
        (["{roll}/gone", "--owner", "ada"], "No such file or folder: "),
        (["{empty}", "--owner", "ada"], "There are no files in"),
        (["{roll}", "--owner", "ada", "--batch", "999"], "ada has no import 999"),
    ],
)
def test_wrong_argument_exits_with_two_and_opens_no_batch(
    ada: User, roll: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    (tmp_path / "empty").mkdir()
    given = [argument.format(roll=roll, empty=tmp_path / "empty") for argument in arguments]

    with pytest.raises(CommandError, match=message) as error:
        CommandRun(*given)

    assert error.value.returncode == 2
    assert not UploadBatch.objects.exists()


def test_batch_of_another_owner_is_not_found(ada: User, roll: Path) -> None:
    CommandRun(roll, "--owner", "ada")
    make_user("bob")

    with pytest.raises(CommandError, match="bob has no import"):
        CommandRun(roll, "--owner", "bob", "--batch", UploadBatch.objects.get().id)


def test_follow_ends_with_the_batch_and_reports_the_broken_file(
    ada: User, roll: Path, start_worker: StartWorker
) -> None:
    whole = (roll / "a.jpg").read_bytes()
    (roll / "broken.jpg").write_bytes(whole[: len(whole) // 2])
    start_worker()

    run = CommandRun(roll, "--owner", "ada", "--follow")

    batch = UploadBatch.objects.get()
    assert (batch.status, batch.successful, batch.failed) == (BatchStatus.COMPLETED, 3, 1)
    assert "3 of 4 completed." in run.out
    assert "Iceland/broken.jpg: " in run.err
    assert run.status == 1
    assert_counters_match(batch)


def test_follow_of_a_resumed_batch_counts_earlier_files(ada: User, roll: Path, start_worker: StartWorker) -> None:
    batch = open_batch(ada.pk, "Iceland")
    receive_path(batch, roll / "a.jpg", "Iceland/a.jpg")
    start_worker()
    wait_until(lambda: UploadBatch.objects.get().successful == 1, 30)

    run = CommandRun(roll, "--owner", "ada", "--follow")

    assert "2 files added to “Iceland”; 1 file added earlier." in run.out
    assert "Completed: 3 of 3 files, 0 failed" in run.out
    assert (run.status, UploadBatch.objects.get().successful) == (0, 3)
    assert_counters_match(batch)


def test_ctrl_c_during_follow_does_not_affect_the_batch(ada: User, roll: Path, worker_env: dict[str, str]) -> None:
    command = [sys.executable, "manage.py", "ingest", str(roll), "--owner", "ada", "--follow"]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=worker_env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=restore_sigint,
    )
    assert process.stdout is not None
    lines = iter(process.stdout.readline, "")
    assert any("No worker is running" in line for line in lines)

    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=240)

    assert process.returncode == 130
    assert "Processing continues" in errors
    batch = UploadBatch.objects.get()
    assert (batch.status, batch.total) == (BatchStatus.PROCESSING, 3)
