"""`manage.py export` copies a library into plain folders, verifies each file, and can resume after an interruption."""

import errno
import hashlib
import io
import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.verification.library import flip_byte, make_unreadable, store
from uploads.export import library_export
from uploads.export.library_export import export_library
from uploads.export.manifest import Manifest
from uploads.models import Upload
from uploads.sidecars.xmp import parse_xmp

pytestmark = pytest.mark.django_db(transaction=True)
JUNE = datetime(2024, 6, 30, 23, 30, tzinfo=UTC)


@pytest.fixture
def to(tmp_path: Path) -> Path:
    return tmp_path / "export"


def run(to: Path, owner: str = "ada") -> tuple[int, str]:
    """Run `manage.py export`; return the exit status and the output."""
    out = io.StringIO()
    try:
        call_command("export", owner=owner, to=to, stdout=out, stderr=out)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


def files(to: Path) -> set[str]:
    """Return the paths of all exported files except the summary and the manifest."""
    paths = {str(path.relative_to(to)) for path in to.rglob("*") if path.is_file()}
    return paths - {"export.json", "SHA256SUMS"}


def with_sidecars(*paths: str) -> set[str]:
    return {path + ending for path in paths for ending in ("", ".json", ".xmp")}


def test_files_are_sorted_by_the_month_of_the_camera_clock(owner: User, other: User, to: Path) -> None:
    store(owner, b"1", "a.jpg", taken_at=JUNE, utc_offset=120)
    store(owner, b"2", "A.JPG", taken_at=JUNE, utc_offset=120)
    picture = store(owner, b"3", "b.heic", taken_at=JUNE)
    store(owner, b"4", "b.mov", part_of=picture, part_role="live", kind="video")
    store(owner, b"5", "scan?.jpg")
    store(owner, b"6", "trash.jpg", trashed_at=JUNE)
    store(other, b"7", "other.jpg")

    status, out = run(to)

    assert (status, "5 copied and verified" in out) == (0, True)
    paths = ["2024/07/a.jpg", "2024/07/A (2).JPG", "2024/06/b.heic", "2024/06/b.mov", "undated/scan_.jpg"]
    assert files(to) == with_sidecars(*paths)
    assert [(to / path).read_bytes() for path in paths] == [b"1", b"2", b"3", b"4", b"5"]
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=to, check=True)


def test_sidecars_contain_what_the_library_knows(owner: User, to: Path) -> None:
    facts: dict[str, Any] = {
        "taken_at": JUNE,
        "utc_offset": 120,
        "latitude": -33.8567844,
        "longitude": 151.2152967,
        "place": "Sydney, Australia",
        "title": "Opera <House>",
        "caption": "By night & rain",
        "description": "A building.",
        "text_found": "Stage door",
        "keywords": ["trip"],
        "labels": [{"name": "opera", "score": 0.9}],
        "albums": ["Australia"],
        "rating": 4,
        "sidecars": {"edits": {"archived": True}},
    }
    upload = store(owner, b"1", "a.jpg", **facts)

    run(to)

    found = parse_xmp((to / "2024/07/a.jpg.xmp").read_bytes())
    assert (found.title, found.caption, found.keywords, found.rating) == (
        "Opera <House>",
        "By night & rain",
        ("trip", "opera"),
        4,
    )
    assert (found.latitude, found.longitude) == pytest.approx((-33.8567844, 151.2152967), abs=1e-7)
    assert found.time is not None
    assert (found.time.at, found.time.utc_offset) == (JUNE, 120)
    content = json.loads((to / "2024/07/a.jpg.json").read_text())
    assert content["file"] == {"name": "a.jpg", "sha256": upload.sha256, "bytes": 1, "type": "image/jpeg"}
    assert content["taken"]["time"] == "2024-07-01T01:30:00+02:00"
    assert (content["description"]["text"], content["text"]) == ("A building.", "Stage door")
    assert content["albums"] == ["Australia"]
    assert content["edits"] == {"archived": True}


def test_interrupted_export_copies_nothing_twice(owner: User, to: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        store(owner, b"%d" % number, "a.jpg")
    to.mkdir()
    with Manifest(to) as manifest:
        exported = export_library(owner.pk, to, manifest)
        first = [next(exported).path for _ in range(2)]
    (to / "export.json").write_text('{"owner": "ada"}')
    with (to / "SHA256SUMS").open("a") as lines:
        lines.write("0123")  # an incomplete line
    copies = []
    copy = library_export._copy

    def counted(upload: Upload, draft: Path) -> str:
        copies.append(upload.sha256)
        return copy(upload, draft)

    monkeypatch.setattr(library_export, "_copy", counted)

    status, out = run(to)

    assert (status, len(copies), "3 copied and verified" in out) == (0, 3, True)
    assert first == ["undated/a.jpg", "undated/a (2).jpg"]
    assert files(to) == with_sidecars(*first, *(f"undated/a ({number}).jpg" for number in (3, 4, 5)))
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=to, check=True)


def test_export_of_later_pictures_and_edits_adds_only_these(owner: User, to: Path) -> None:
    store(owner, b"1", "a.jpg")
    run(to)
    store(owner, b"2", "b.jpg")
    Upload.objects.filter(filename="a.jpg").update(title="New")

    assert "1 copied and verified" in run(to)[1]
    assert parse_xmp((to / "undated/a.jpg.xmp").read_bytes()).title == "New"


def test_damaged_original_is_reported_and_not_exported(owner: User, to: Path) -> None:
    flip_byte(store(owner, b"content", "a.jpg"), b"content")
    store(owner, b"intact", "b.jpg")

    status, out = run(to)

    assert (status, "a.jpg" in out) == (1, True)
    assert files(to) == with_sidecars("undated/b.jpg")


def test_missing_copy_keeps_its_name(owner: User, to: Path) -> None:
    store(owner, b"first", "a.jpg")
    run(to)
    for path in (to / "undated").iterdir():
        path.unlink()
    store(owner, b"other", "a.jpg")
    # Files are named in the order of their ids. With its new id, the first file would now be named last.
    Upload.objects.filter(sha256=hashlib.sha256(b"first").hexdigest()).update(id=2**40)

    assert run(to)[0] == 0

    assert [(to / f"undated/{name}").read_bytes() for name in ("a.jpg", "a (2).jpg")] == [b"first", b"other"]
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=to, check=True)


def test_unreadable_original_is_reported_and_the_rest_exported(
    owner: User, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_unreadable(store(owner, b"content", "a.jpg"), errno.EIO, monkeypatch)
    store(owner, b"intact", "b.jpg")

    status, out = run(to)

    assert (status, "a.jpg" in out, "cannot be read" in out) == (1, True, True)
    assert files(to) == with_sidecars("undated/b.jpg")


def test_too_small_disk_is_refused_before_anything_is_copied(owner: User, to: Path) -> None:
    upload = store(owner, b"1")
    Upload.objects.filter(id=upload.id).update(size=2**60)

    with pytest.raises(CommandError, match="The disk is too small"):
        run(to)

    assert files(to) == set()


@pytest.mark.parametrize("present", ["holiday.jpg", "export.json"])
def test_folder_of_something_else_is_refused(owner: User, to: Path, present: str) -> None:
    to.mkdir()
    (to / present).write_text('{"owner": "bob"}')

    with pytest.raises(CommandError) as error:
        run(to)

    assert error.value.returncode == 2


def test_exported_file_has_the_time_at_which_it_was_taken(owner: User, to: Path) -> None:
    store(owner, b"1", "a.jpg", taken_at=JUNE)

    run(to)

    assert os.stat(to / "2024/06/a.jpg").st_mtime == JUNE.timestamp()  # noqa: PTH116
    assert hashlib.sha256(b"1").hexdigest() in (to / "SHA256SUMS").read_text()
