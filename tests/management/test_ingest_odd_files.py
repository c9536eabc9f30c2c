"""`manage.py ingest` reports each file it cannot add with the reason, and adds the other files."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from batches.engine import lifecycle
from batches.intake import local_files
from batches.models import UploadBatch
from tests.support.batches import assert_counters_match
from tests.support.commands import CommandRun
from tests.support.images import encoded, textured
from tests.support.local_files import receive_path
from tests.support.worker_processes import ROOT

MIB = 2**20
JPEG = encoded(textured(64, 48), "JPEG")


@pytest.mark.django_db(transaction=True)
def test_odd_files_are_refused_with_reasons_and_the_rest_is_added(
    owner: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "roll"
    folder.mkdir()
    (folder / "a-empty.jpg").touch()
    os.mkfifo(folder / "b-pipe.jpg")
    with socket.socket(socket.AF_UNIX) as listening:
        monkeypatch.chdir(folder)  # use a relative name, because the path of a socket must be short
        listening.bind("c-socket.jpg")
    (folder / "d-link.jpg").symlink_to("gone.jpg")
    (folder / os.fsdecode(b"e-caf\xe9.jpg")).write_bytes(JPEG)
    (folder / "f.jpg").write_bytes(JPEG + b"f")

    run = CommandRun(folder, "--owner", owner.username)

    batch = UploadBatch.objects.get()
    codes = {item.filename: item.error_code for item in batch.items.all()}
    assert codes == {
        "a-empty.jpg": "ignored.empty",
        "b-pipe.jpg": "file.unopened",
        "c-socket.jpg": "file.unopened",
        "d-link.jpg": "ignored.unreadable",
        "e-caf\ufffd.jpg": "",
        "f.jpg": "",
    }
    assert f"Broken link: {folder}/d-link.jpg" in run.err
    assert (run.status, batch.failed, batch.sealed_at is not None) == (1, 2, True)
    assert_counters_match(batch)


@pytest.mark.django_db(transaction=True)
def test_link_that_cannot_be_read_is_listed_and_counted_and_sets_the_exit_status(owner: User, tmp_path: Path) -> None:
    folder = tmp_path / "roll"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(JPEG)
    (folder / "b").symlink_to("gone")

    run = CommandRun(folder, "--owner", owner.username)

    batch = UploadBatch.objects.get()
    assert batch.items.get(status="ignored").relative_path == "roll/b"
    assert "1 file added to “roll”; folders and links that cannot be read: 1." in run.out
    assert run.status == 1


@pytest.mark.django_db(transaction=True)
def test_folder_whose_name_is_not_utf8_becomes_a_batch(owner: User, tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    (folder / "a.jpg").write_bytes(JPEG)

    CommandRun(folder, "--owner", owner.username)

    assert UploadBatch.objects.get().name == "caf\ufffd"


@pytest.mark.django_db(transaction=True)
def test_file_changed_since_its_inspection_is_refused_and_can_be_added_again(owner: User, tmp_path: Path) -> None:
    batch = lifecycle.open_batch(owner.id, "roll")
    source = tmp_path / "a.jpg"
    source.write_bytes(JPEG)
    local = local_files.inspect_file(source, "a.jpg")
    before = source.stat()
    os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns + 1))

    changed = local_files.receive_local_file(batch, local, local_files.ExistingFiles())
    os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns))
    again = receive_path(batch, source, "a.jpg")

    assert (changed.state, changed.code, again.state) == ("refused", "file.changed", "queued")
    assert batch.items.count() == 1
    assert_counters_match(batch)


@pytest.mark.django_db(transaction=True)
def test_file_replaced_by_a_pipe_does_not_block(owner: User, tmp_path: Path) -> None:
    batch = lifecycle.open_batch(owner.id, "roll")
    source = tmp_path / "a.jpg"
    source.write_bytes(JPEG)
    local = local_files.inspect_file(source, "a.jpg")
    source.unlink()
    os.mkfifo(source)

    outcome = local_files.receive_local_file(batch, local, local_files.ExistingFiles(sizes={len(JPEG)}))

    assert outcome.state == "refused"
    assert_counters_match(batch)


# Run `manage.py`, then print VmHWM. Unlike ru_maxrss, it does not start at the parent process's peak.
PEAK_OF_COMMAND = """
import runpy
runpy.run_path("manage.py", run_name="__main__")
print(open("/proc/self/status").read().split("VmHWM:")[1].split()[0])
"""


@pytest.mark.django_db(transaction=True)
def test_large_file_needs_no_more_memory_than_a_small_one(
    owner: User, worker_env: dict[str, str], tmp_path: Path
) -> None:
    with (tmp_path / "large.jpg").open("wb") as large:
        large.write(JPEG)
        large.truncate(40 * MIB)
    (tmp_path / "small.jpg").write_bytes(JPEG)

    small, large_one = (peak_memory(tmp_path / name, owner, worker_env) for name in ("small.jpg", "large.jpg"))

    assert UploadBatch.objects.filter(failed=0, total=1).count() == 2
    assert large_one - small < 10 * MIB


def peak_memory(path: Path, owner: User, env: dict[str, str]) -> int:
    """Run the command and return its peak memory, in bytes."""
    command = [sys.executable, "-c", PEAK_OF_COMMAND, "ingest", str(path), "--owner", owner.username]
    done = subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True, text=True)
    return int(done.stdout.split()[-1]) * 1024


@pytest.mark.django_db(transaction=True)
def test_names_that_the_terminal_cannot_show_are_escaped(
    owner: User, worker_env: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "roll"
    folder.mkdir()
    (folder / os.fsdecode("b-Привет-".encode() + b"\xe9.jpg")).write_text("words")
    (folder / "c.jpg").write_bytes(JPEG)

    command = [sys.executable, "manage.py", "ingest", str(folder), "--owner", owner.username]
    env = {**worker_env, "PYTHONIOENCODING": "ascii"}
    run = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, check=False)

    assert b"Traceback" not in run.stderr
    assert run.returncode == 1  # one of the files is not a picture
    assert b"2 files added to " in run.stdout


@pytest.mark.django_db(transaction=True)
def test_files_that_are_left_out_are_listed_with_their_reasons(owner: User, tmp_path: Path) -> None:
    folder = tmp_path / "roll"
    for name in ("@eaDir/a.jpg", ".hidden/b.jpg", "Thumbs.db", "c.jpg"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(JPEG)
    (folder / "d.jpg").touch()

    first, second = (CommandRun(folder, "--owner", owner.username, "--name", "Roll") for _ in range(2))

    batch = UploadBatch.objects.earliest("id")
    ignored = batch.items.filter(status="ignored").values_list("relative_path", "error_code")
    assert dict(ignored) == {
        "roll/@eaDir/a.jpg": "ignored.junk",
        "roll/Thumbs.db": "ignored.junk",
        "roll/.hidden/b.jpg": "ignored.hidden",
        "roll/d.jpg": "ignored.empty",
    }
    assert (batch.total, batch.ignored) == (1, 4)
    assert "4 files ignored" in first.out
    assert (first.status, second.status) == (0, 0)
    assert_counters_match(batch)
