"""`manage.py check_folder` lists exactly the files that are not stored."""

import csv
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management.base import CommandError
from django.utils import timezone

from tests.support.commands import CommandRun
from tests.support.images import encoded, textured
from uploads.models import DamagedFile, Upload

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def roll(tmp_path: Path, owner: User) -> Path:
    """A folder: `a` and a copy in `b` are stored; a new file, a PDF, a system file and an empty file are not."""
    roll = tmp_path / "roll"
    for number in range(4):
        write(roll / f"a/{number}.jpg", encoded(textured(16, 12, number), "JPEG"))
    assert CommandRun(roll / "a", "--owner", owner).status == 0
    write(roll / "b/new.jpg", b"\xff\xd8 new")
    write(roll / "b/copy of 0.jpg", (roll / "a/0.jpg").read_bytes())
    write(roll / "b/letter.pdf", b"%PDF-1.7")
    write(roll / "b/Thumbs.db", b"junk")
    write(roll / "b/empty.jpg", b"")
    return roll


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def check(*arguments: object) -> CommandRun:
    return CommandRun(*arguments, name="check_folder")


def test_missing_files_are_named_exactly(roll: Path, owner: User) -> None:
    (roll / "b/link.jpg").symlink_to("gone.jpg")

    run = check(roll, "--owner", owner)

    assert run.status == 1
    assert run.out.splitlines() == [
        "roll/b/letter.pdf: not stored",
        "roll/b/link.jpg: cannot be read",
        "roll/b/new.jpg: not stored",
        "5 of 8 files are stored.",
        "Ignored (hidden, empty or system files): 2.",
    ]


def test_folder_that_is_stored_completely_ends_with_status_0(roll: Path, owner: User) -> None:
    Upload.objects.update(verified_at=timezone.now())

    run = check(roll / "a", "--owner", owner)

    assert run.status == 0
    today = timezone.now().date().isoformat()
    assert run.out.splitlines() == [
        "4 of 4 files are stored.",
        f"Read back and verified: 4; the oldest check was on {today}.",
    ]


def test_folder_without_files_to_compare_is_not_called_stored(owner: User, tmp_path: Path) -> None:
    write(tmp_path / "roll/.picasaoriginals/1.jpg", b"\xff\xd8 before")

    run = check(tmp_path / "roll", "--owner", owner)

    assert run.status == 1
    assert run.out.splitlines() == ["0 of 0 files are stored.", "Ignored (hidden, empty or system files): 1."]


def test_damaged_file_is_named_with_its_reason(roll: Path, owner: User) -> None:
    upload = Upload.objects.get(filename="2.jpg")
    DamagedFile.objects.create(upload=upload, owner=owner, reason="original.missing", found_at=timezone.now())

    assert "a/2.jpg: the stored file is damaged" in check(roll / "a", "--owner", owner).out


def test_csv_lists_every_file_with_its_state(roll: Path, owner: User, tmp_path: Path) -> None:
    check(roll, "--owner", owner, "--csv", tmp_path / "list.csv")

    with (tmp_path / "list.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    states = {row["File"]: row["State"] for row in rows}
    assert len(rows) == 9
    assert states["roll/b/new.jpg"] == "missing"
    assert states["roll/b/copy of 0.jpg"] == states["roll/a/0.jpg"] == "stored"
    assert states["roll/b/Thumbs.db"] == states["roll/b/empty.jpg"] == "ignored"


def test_folder_that_does_not_exist_is_an_invalid_argument(owner: User, tmp_path: Path) -> None:
    with pytest.raises(CommandError) as error:
        check(tmp_path / "nothing", "--owner", owner)

    assert error.value.returncode == 2
