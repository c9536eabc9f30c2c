"""After an interruption, running `manage.py ingest` again adds the rest and counts nothing twice."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage

from batches.engine import incoming, lifecycle
from batches.intake.local_files import inspect_file
from batches.intake.partial_file import locked_partial
from batches.intake.partial_paths import partial_exists
from batches.models import UploadBatch
from batches.models.states import BatchStatus
from tests.support.batches import assert_counters_match
from tests.support.commands import CommandRun
from tests.support.images import encoded, textured
from tests.support.processes import restore_sigint
from tests.support.waiting import wait_until
from tests.support.worker_processes import ROOT
from uploads.models import Upload
from uploads.storage import local_copy, original_name

pytestmark = pytest.mark.django_db(transaction=True)
JPEG = encoded(textured(64, 48), "JPEG")
FILES = 120
Start = Callable[[], "subprocess.Popen[str]"]


@pytest.fixture
def roll(tmp_path: Path) -> Path:
    """A folder of many different pictures: the same JPEG, each time with different bytes appended."""
    folder = tmp_path / "Iceland"
    folder.mkdir()
    for number in range(FILES):
        (folder / f"{number:04}.jpg").write_bytes(JPEG + b"%d" % number)
    return folder


@pytest.fixture
def start(worker_env: dict[str, str], owner: User, roll: Path) -> Iterator[Start]:
    """A function that runs the command in a separate process."""
    started = []

    def run() -> "subprocess.Popen[str]":
        command = [sys.executable, "manage.py", "ingest", str(roll), "--owner", owner.username]
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=worker_env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=restore_sigint,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def stored() -> int:
    return Upload.objects.count()


def written_bytes() -> int:
    """Return how many bytes this process has passed to write(2) and similar calls so far (proc_pid_io(5))."""
    lines = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(lines["wchar"])


def assert_complete(batch: UploadBatch, roll: Path) -> None:
    """Check that every file is stored once, with the same bytes as in the folder."""
    assert_counters_match(batch)
    assert (batch.total, Upload.objects.count(), batch.sealed_at is not None) == (FILES, FILES, True)
    for item in batch.items.select_related("upload"):
        assert item.upload is not None
        with local_copy(item.upload.key) as copy:
            assert copy.read_bytes() == (roll / item.filename).read_bytes()
    assert not any(partial_exists(item.id) for item in batch.items.all())


def test_ingest_killed_repeatedly_adds_every_file_once(owner: User, start: Start, roll: Path) -> None:
    for kill in range(2):
        process = start()
        wait_until(lambda: stored() >= (kill + 1) * 30, 120, interval=0.001)  # noqa: B023 (called within the loop)
        process.kill()
        process.wait(60)
    before = stored()
    assert before < FILES

    run = CommandRun(roll, "--owner", owner.username)

    batch = UploadBatch.objects.get()
    assert (run.status, run.err) == (0, "")
    assert f"Import {batch.id} (" in run.out
    assert_complete(batch, roll)


def test_ingest_stopped_by_ctrl_c_can_be_resumed(owner: User, start: Start, roll: Path) -> None:
    process = start()
    wait_until(lambda: stored() >= 20, 120, interval=0.001)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=240)

    CommandRun(roll, "--owner", owner.username)

    assert (process.returncode, errors) == (
        130,
        "Stopped. The files added so far will be processed. Run the same command again to add the rest.\n",
    )
    assert_complete(UploadBatch.objects.get(), roll)


def test_resumed_ingest_does_not_read_finished_files(owner: User, start: Start, roll: Path) -> None:
    process = start()
    wait_until(lambda: stored() >= 20, 120, interval=0.001)
    process.kill()
    process.wait(60)
    finished = list(UploadBatch.objects.get().items.filter(upload__isnull=False).values_list("filename", flat=True))
    for name in finished:
        # Overwrite the file, but keep its name, size and time. The new content is not a picture, so the command would
        # refuse the file if it read it again.
        facts = (roll / name).stat()
        (roll / name).write_bytes(b"x" * facts.st_size)
        os.utime(roll / name, ns=(facts.st_atime_ns, facts.st_mtime_ns))

    run = CommandRun(roll, "--owner", owner.username)

    assert f"{FILES - len(finished)} files added to “Iceland”; {len(finished)} files added earlier." in run.out
    assert UploadBatch.objects.get().failed == 0


def test_resumed_ingest_copies_only_the_rest_of_a_file(owner: User, tmp_path: Path) -> None:
    size, half = 32 * 2**20, 24 * 2**20
    source = tmp_path / "large.jpg"
    source.write_bytes(JPEG + os.urandom(size - len(JPEG)))
    batch = lifecycle.open_batch(owner.id, "large.jpg")
    item, _ = incoming.register_item(batch.id, inspect_file(source, "large.jpg").file)
    with locked_partial(item.id) as partial:
        partial.append(source.read_bytes()[:half])
    before = written_bytes()

    CommandRun(source, "--owner", owner.username)

    assert written_bytes() - before < size - half + 2**20
    with local_copy(Upload.objects.get().key) as copy:
        assert copy.read_bytes() == source.read_bytes()
    assert_counters_match(batch)


def test_ingest_of_stored_bytes_copies_nothing(owner: User, tmp_path: Path) -> None:
    first, second = tmp_path / "a.jpg", tmp_path / "b.jpg"
    first.write_bytes(JPEG + bytes(16 * 2**20))
    CommandRun(first, "--owner", owner.username)
    Upload.objects.update(processed_at=UploadBatch.objects.get().created_at)
    second.write_bytes(first.read_bytes())
    before = written_bytes()

    run = CommandRun(second, "--owner", owner.username)

    assert written_bytes() - before < 2**20
    assert "1 file added to “b.jpg”, 1 of them already in the library and not copied." in run.out
    item = UploadBatch.objects.get(name="b.jpg").items.get()
    assert (item.status, item.result, item.upload) == ("completed", "duplicate", Upload.objects.get())
    assert UploadBatch.objects.get(name="b.jpg").status == BatchStatus.COMPLETED


def test_stored_bytes_missing_in_storage_are_copied_again(owner: User, tmp_path: Path) -> None:
    source = tmp_path / "a.jpg"
    source.write_bytes(JPEG)
    CommandRun(source, "--owner", owner.username)
    upload = Upload.objects.get()
    default_storage.delete(original_name(upload.key))

    CommandRun(source, "--owner", owner.username)

    with local_copy(upload.key) as copy:
        assert copy.read_bytes() == JPEG
