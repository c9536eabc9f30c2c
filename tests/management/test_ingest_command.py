"""`manage.py ingest`: what it adds, what it says, how it ends."""

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
from batches.intake.local_files import receive_path
from batches.models import UploadBatch
from batches.models.states import BatchStatus, ItemStatus
from tests.conftest import StartWorker
from tests.support.batches import assert_counters_true
from tests.support.commands import CommandRun
from tests.support.processes import restore_sigint
from tests.support.users import make_user
from tests.support.waiting import wait_until
from tests.support.worker_processes import ROOT

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada(transactional_db: None) -> User:
    """A person; other processes must see her."""
    return make_user("ada")


@pytest.fixture
def roll(tmp_path: Path) -> Path:
    """A folder of three pictures in two folders."""
    folder = tmp_path / "Iceland"
    (folder / "day 2").mkdir(parents=True)
    for number, name in enumerate(["a.jpg", "day 2/a.jpg", "day 2/b.png"]):
        Image.new("RGB", (64, 48), (number * 80, 120, 200)).save(folder / name)
    return folder


def test_ingest_names_the_page_where_run_serves(ada: User, roll: Path, settings: Settings, tmp_path: Path) -> None:
    settings.VAR = tmp_path
    (tmp_path / "address").write_text("http://127.0.0.1:8123")

    served = CommandRun(roll / "a.jpg", "--owner", "ada")
    asked = CommandRun(roll / "a.jpg", "--owner", "ada", "--site", "https://photos.example.org/")

    first, second = UploadBatch.objects.order_by("id")
    assert f"Import {first.id}: http://127.0.0.1:8123/batches/{first.id}/\n1 file added to “a.jpg”." in served.out
    assert f"Import {second.id}: https://photos.example.org/batches/{second.id}/\n" in asked.out


def test_ingest_adds_a_folder_and_seals_its_batch(ada: User, roll: Path) -> None:
    said = CommandRun(roll, "--owner", "ada")

    batch = UploadBatch.objects.get()
    assert (batch.owner, batch.name, batch.total, batch.status) == (ada, "Iceland", 3, BatchStatus.PROCESSING)
    assert batch.sealed_at is not None
    paths = batch.items.order_by("id").values_list("relative_path", flat=True)
    assert list(paths) == ["Iceland/a.jpg", "Iceland/day 2/a.jpg", "Iceland/day 2/b.png"]
    assert f"http://127.0.0.1:8000/batches/{batch.id}/" in said.out
    assert (said.status, said.err) == (0, "")
    assert_counters_true(batch)


def test_ingest_leaves_the_source_as_it_is(ada: User, roll: Path) -> None:
    before = {path: path.read_bytes() for path in roll.rglob("*.*")}

    CommandRun(roll, "--owner", "ada")

    assert {path: path.read_bytes() for path in roll.rglob("*.*")} == before


def test_ingest_of_a_refused_file_says_why_and_exits_with_one(ada: User, roll: Path) -> None:
    (roll / "notes.txt").write_text("no picture")

    said = CommandRun(roll, "--owner", "ada", "--name", "Trip")

    batch = UploadBatch.objects.get()
    assert (said.status, batch.name, batch.failed) == (1, "Trip", 1)
    assert "1 failed:" in said.err
    assert f"Iceland/notes.txt: {batch.items.get(status=ItemStatus.FAILED).error_message}" in said.err


def test_ingest_into_a_batch_adds_only_what_is_new(ada: User, roll: Path) -> None:
    CommandRun(roll, "--owner", "ada")
    batch = UploadBatch.objects.get()
    Image.new("RGB", (64, 48), "red").save(roll / "new.jpg")

    CommandRun(roll, "--owner", "ada", "--batch", batch.id)

    batch.refresh_from_db()
    assert (UploadBatch.objects.count(), batch.total) == (1, 4)
    assert_counters_true(batch)


def test_ingest_into_a_cancelled_batch_is_refused(ada: User, roll: Path) -> None:
    CommandRun(roll, "--owner", "ada")
    batch = UploadBatch.objects.get()
    UploadBatch.objects.update(status=BatchStatus.CANCELLED, completed_at=batch.created_at)

    said = CommandRun(roll, "--owner", "ada", "--batch", batch.id)

    assert said.status == 1
    assert "was cancelled" in said.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["{roll}", "--owner", "bob"], "There is no user “bob”"),
        (["{roll}/gone", "--owner", "ada"], "No such file or folder: "),
        (["{empty}", "--owner", "ada"], "There are no files in"),
        (["{roll}", "--owner", "ada", "--batch", "999"], "ada has no import 999"),
    ],
)
def test_wrong_argument_exits_with_two_and_makes_no_batch(
    ada: User, roll: Path, tmp_path: Path, arguments: list[str], words: str
) -> None:
    (tmp_path / "empty").mkdir()
    given = [argument.format(roll=roll, empty=tmp_path / "empty") for argument in arguments]

    with pytest.raises(CommandError, match=words) as error:
        CommandRun(*given)

    assert error.value.returncode == 2
    assert not UploadBatch.objects.exists()


def test_batch_of_somebody_else_cannot_be_added_to(ada: User, roll: Path) -> None:
    CommandRun(roll, "--owner", "ada")
    make_user("bob")

    with pytest.raises(CommandError, match="bob has no import"):
        CommandRun(roll, "--owner", "bob", "--batch", UploadBatch.objects.get().id)


def test_follow_ends_with_the_batch_and_names_the_broken_file(ada: User, roll: Path, start_worker: StartWorker) -> None:
    whole = (roll / "a.jpg").read_bytes()
    (roll / "broken.jpg").write_bytes(whole[: len(whole) // 2])
    start_worker()

    said = CommandRun(roll, "--owner", "ada", "--follow")

    batch = UploadBatch.objects.get()
    assert (batch.status, batch.successful, batch.failed) == (BatchStatus.COMPLETED, 3, 1)
    assert "3 of 4 completed." in said.out
    assert "Iceland/broken.jpg: " in said.err
    assert said.status == 1
    assert_counters_true(batch)


def test_follow_of_a_batch_gone_on_with_counts_what_was_done_before(
    ada: User, roll: Path, start_worker: StartWorker
) -> None:
    batch = open_batch(ada.pk, "Iceland")
    receive_path(batch, roll / "a.jpg", "Iceland/a.jpg")
    start_worker()
    wait_until(lambda: UploadBatch.objects.get().successful == 1, 30)

    said = CommandRun(roll, "--owner", "ada", "--follow")

    assert "2 files added to “Iceland”; 1 file added earlier." in said.out
    assert "Completed: 3 of 3 files, 0 failed" in said.out
    assert (said.status, UploadBatch.objects.get().successful) == (0, 3)
    assert_counters_true(batch)


def test_follow_left_by_ctrl_c_leaves_the_batch_alone(ada: User, roll: Path, worker_env: dict[str, str]) -> None:
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
    _, words = process.communicate(timeout=240)

    assert process.returncode == 130
    assert "Processing continues" in words
    batch = UploadBatch.objects.get()
    assert (batch.status, batch.total) == (BatchStatus.PROCESSING, 3)
