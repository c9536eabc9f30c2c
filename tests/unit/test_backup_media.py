"""Stored files are copied to a backup and restored, even after interruptions; damaged copies are detected."""

import hashlib
import os
from pathlib import Path

import pytest

from tests.support.batches import digest
from vuemantics.localstack import StartError
from vuemantics.management.backup.media import MediaBackup, read_manifest, restore_media, stored_names


def ignore(count: int) -> None:
    """Ignore the reported number of files."""


def contents(folder: Path) -> dict[str, bytes]:
    """Return the content of each stored file, keyed by name."""
    return {name: (folder / name).read_bytes() for name in stored_names(folder)}


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A media directory with four originals and a preview."""
    folder = tmp_path / "media"
    names = [f"originals/{digest(number)[:2]}/{digest(number)[:32]}" for number in range(4)]
    for number, name in enumerate([*names, f"previews/{digest(0)[:2]}/{digest(0)[:32]}-320.jpg"]):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"picture %d" % number)
        os.utime(folder / name, (0, 0))  # a file that a test replaces is newer, however coarse the clock is
    return folder


@pytest.fixture
def backup(library: Path, tmp_path: Path) -> Path:
    """A complete backup of the library."""
    folder = tmp_path / "backup"
    folder.mkdir()
    media = MediaBackup(library, folder / "media", folder / "media.sha256")
    media.copy(ignore)
    assert media.finish() == 5
    return folder


def restore(backup: Path, target: Path) -> int:
    return restore_media(backup / "media", target, backup / "media.sha256", ignore)


def test_backup_and_restore_keep_every_byte(library: Path, backup: Path, tmp_path: Path) -> None:
    assert restore(backup, tmp_path / "restored") == 5

    assert contents(tmp_path / "restored") == contents(backup / "media") == contents(library)
    expected = {name: hashlib.sha256(content).hexdigest() for name, content in contents(library).items()}
    assert dict(read_manifest(backup / "media.sha256")) == expected


def test_interrupted_backup_continues_where_it_stopped(library: Path, tmp_path: Path) -> None:
    target, manifest = tmp_path / "backup", tmp_path / "media.sha256"

    def interrupt(count: int) -> None:
        if count == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        MediaBackup(library, target, manifest).copy(interrupt)
    first = {name: (target / name).stat().st_ctime_ns for name in contents(target)}
    assert (len(first), manifest.exists()) == (2, False)
    media = MediaBackup(library, target, manifest)
    media.copy(ignore)

    assert media.finish() == 5
    assert contents(target) == contents(library)
    assert {name: (target / name).stat().st_ctime_ns for name in first} == first


def test_repeated_backup_has_new_and_replaced_files_and_no_deleted_ones(
    library: Path, backup: Path, tmp_path: Path
) -> None:
    deleted = next(stored_names(library))
    (library / deleted).unlink()
    replaced = next(name for name in stored_names(library) if name.endswith("-320.jpg"))
    (library / replaced).unlink()
    (library / replaced).write_bytes(b"PICTURE 4")
    new = library / "originals" / "ab" / ("ab" * 16)
    new.parent.mkdir(exist_ok=True)
    new.write_bytes(b"new")

    media = MediaBackup(library, backup / "media", backup / "media.sha256")
    media.copy(ignore)
    media.finish()

    assert restore(backup, tmp_path / "restored") == 5
    assert contents(tmp_path / "restored") == contents(library)


def test_damaged_and_missing_files_of_a_backup_are_named(backup: Path, tmp_path: Path) -> None:
    damaged, missing, *_ = stored_names(backup / "media")
    content = (backup / "media" / damaged).read_bytes()
    (backup / "media" / damaged).unlink()  # it is a hard link to the original, which must not change
    (backup / "media" / damaged).write_bytes(content[::-1])
    (backup / "media" / missing).unlink()

    with pytest.raises(StartError, match=f"2 files in .* damaged .{damaged}, {missing}.. The database was not"):
        restore(backup, tmp_path / "restored")

    assert len(contents(tmp_path / "restored")) == 3


def test_target_with_other_files_is_refused(library: Path, backup: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "originals" / "00" / ("00" * 16)
    other.parent.mkdir(parents=True)
    other.write_bytes(b"another library")

    with pytest.raises(StartError, match=r"contains other files .* Move that directory away"):
        restore(backup, tmp_path / "other")


def test_manifest_cannot_name_files_elsewhere(backup: Path, tmp_path: Path) -> None:
    lines = [f"{'0' * 64}  {name}\n" for name in ("../../etc/passwd", f"originals/../{'a' * 32}", "originals/ab/x")]
    (backup / "media.sha256").write_text("".join(lines))

    assert restore(backup, tmp_path / "restored") == 0
