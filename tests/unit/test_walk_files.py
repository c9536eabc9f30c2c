"""The files below the paths passed to a command are found, or reported if they cannot be read."""

import errno
import itertools
import os
import tracemalloc
from collections import deque
from pathlib import Path

import pytest

from batches.management import walk_files
from batches.management.walk_files import FileWalk, FoundFile


def make(folder: Path, *names: str) -> None:
    """Write small files, creating their folders as needed."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def names(*paths: Path) -> list[str]:
    """Return the relative paths of the files, in the order in which they are found."""
    return [found.relative_path for found in FileWalk(list(paths), unexpected).files()]


def unexpected(line: str) -> None:
    """Fail the test; used for walks that must not report anything."""
    raise AssertionError(line)


def test_folder_is_walked_in_name_order(tmp_path: Path) -> None:
    make(tmp_path / "roll", "b.jpg", "a/2.jpg", "a/1.jpg", "c.jpg")

    assert names(tmp_path / "roll") == ["roll/a/1.jpg", "roll/a/2.jpg", "roll/b.jpg", "roll/c.jpg"]


def test_hidden_files_and_folders_are_found_too(tmp_path: Path) -> None:
    make(tmp_path / "roll", ".DS_Store", ".thumbnails/a.jpg", "b.jpg")

    assert names(tmp_path / "roll") == ["roll/.DS_Store", "roll/.thumbnails/a.jpg", "roll/b.jpg"]


def test_links_out_of_the_folder_are_skipped_and_counted(tmp_path: Path) -> None:
    make(tmp_path, "secret.txt", "other/c.jpg", "roll/a.jpg")
    (tmp_path / "roll" / "leak.jpg").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "roll" / "folder").symlink_to(tmp_path / "other")
    walk = FileWalk([tmp_path / "roll"], unexpected)

    found = [file.relative_path for file in walk.files()]

    assert found == ["roll/a.jpg"]
    assert walk.links == 2


def test_link_within_the_folder_is_followed_and_a_circular_one_is_not(tmp_path: Path) -> None:
    make(tmp_path / "roll", "a.jpg")
    (tmp_path / "roll" / "b.jpg").symlink_to("a.jpg")
    (tmp_path / "roll" / "round").symlink_to(tmp_path / "roll")

    assert names(tmp_path / "roll") == ["roll/a.jpg", "roll/b.jpg"]


def test_file_given_directly_is_found_even_if_hidden_or_a_link(tmp_path: Path) -> None:
    make(tmp_path, ".hidden.jpg", "real.jpg")
    (tmp_path / "link.jpg").symlink_to("real.jpg")

    assert names(tmp_path / ".hidden.jpg", tmp_path / "link.jpg") == [".hidden.jpg", "link.jpg"]


def test_same_names_from_different_folders_get_different_paths(tmp_path: Path) -> None:
    make(tmp_path, "one/image.jpg", "two/image.jpg")
    both = [tmp_path / "one" / "image.jpg", tmp_path / "two" / "image.jpg"]

    assert names(*both) == ["image.jpg", str(both[1]).lstrip("/")]


def test_same_file_given_twice_has_one_name(tmp_path: Path) -> None:
    make(tmp_path, "image.jpg")

    assert len(set(names(tmp_path / "image.jpg", tmp_path / "image.jpg"))) == 1


def test_current_folder_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path / "roll", "a.jpg")
    monkeypatch.chdir(tmp_path / "roll")

    assert names(Path()) == ["roll/a.jpg"]


def test_folder_that_vanishes_during_the_walk_is_reported(tmp_path: Path) -> None:
    make(tmp_path / "roll", "a.jpg")
    (tmp_path / "roll" / "b").mkdir()
    lines: list[str] = []
    walk = FileWalk([tmp_path / "roll"], lines.append)
    files = walk.files()
    assert next(files).relative_path == "roll/a.jpg"

    (tmp_path / "roll" / "b").rmdir()

    assert list(files) == [FoundFile(tmp_path / "roll" / "b", "roll/b", is_readable=False)]
    assert lines == [f"Cannot access {tmp_path}/roll/b: No such file or directory"]


def test_broken_and_circular_links_are_reported_and_the_walk_continues(tmp_path: Path) -> None:
    make(tmp_path / "roll", "z.jpg")
    (tmp_path / "roll" / "a.jpg").symlink_to("gone.jpg")
    (tmp_path / "roll" / "b.jpg").symlink_to("c.jpg")
    (tmp_path / "roll" / "c.jpg").symlink_to("b.jpg")
    lines: list[str] = []
    walk = FileWalk([tmp_path / "roll"], lines.append)

    found = {file.relative_path: file.is_readable for file in walk.files()}

    assert found == {"roll/a.jpg": False, "roll/b.jpg": False, "roll/c.jpg": False, "roll/z.jpg": True}
    assert lines == [f"Broken link: {tmp_path}/roll/{name}.jpg" for name in "abc"]
    assert walk.links == 0


@pytest.mark.parametrize("locked", ["roll", "roll/a"])
def test_folder_that_cannot_be_read_is_reported_and_the_walk_continues(
    locked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "roll/a/1.jpg", "z.jpg")
    lines: list[str] = []
    listdir = os.listdir

    def refuse(folder: Path) -> list[str]:
        """Simulate missing permissions, because root can read any folder."""
        if folder == tmp_path / locked:
            raise PermissionError(errno.EACCES, "Permission denied")
        return listdir(folder)

    monkeypatch.setattr(os, "listdir", refuse)
    walk = FileWalk([tmp_path / "roll", tmp_path / "z.jpg"], lines.append)

    assert {file.relative_path: file.is_readable for file in walk.files()} == {locked: False, "z.jpg": True}
    assert lines == [f"Cannot read the folder {tmp_path}/{locked}: Permission denied"]


def test_walk_reads_one_folder_at_a_time(tmp_path: Path) -> None:
    make(tmp_path / "roll", "a/1.jpg", "b/2.jpg")
    files = FileWalk([tmp_path / "roll"], unexpected).files()
    assert next(files).relative_path == "roll/a/1.jpg"

    make(tmp_path / "roll", "b/3.jpg")

    assert [file.relative_path for file in files] == ["roll/b/2.jpg", "roll/b/3.jpg"]


def test_reports_of_names_that_are_not_utf8_can_be_printed(tmp_path: Path) -> None:
    make(tmp_path / "roll", "a.jpg")
    (tmp_path / "roll" / os.fsdecode(b"caf\xe9\n")).symlink_to("gone")
    lines: list[str] = []

    list(FileWalk([tmp_path / "roll"], lines.append).files())

    assert lines[0].encode().decode() == f"Broken link: {tmp_path}/roll/caf\ufffd\ufffd"


def test_walk_of_many_files_keeps_little_more_than_their_names(tmp_path: Path) -> None:
    for number in range(2_000):
        (tmp_path / f"IMG_{number:05}.JPG").touch()
    files = FileWalk([tmp_path], print).files()
    tracemalloc.start()
    try:
        last = deque(itertools.islice(files, 1_000), maxlen=1)[0]
        memory = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, walk_files.__file__)])
    finally:
        tracemalloc.stop()

    assert last.relative_path == f"{tmp_path.name}/IMG_00999.JPG"
    assert sum(trace.size for trace in memory.traces) < 2_000 * 120
