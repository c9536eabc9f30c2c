"""Receiving whole files, from a stream or from the server's disk."""

import io
import os
from pathlib import Path

import pytest

from batches.intake.file_name import FileName
from batches.intake.partial_file import READ_BYTES
from batches.intake.receive import receive_file
from batches.models import UploadBatch
from tests.support.batches import assert_counters_match
from tests.support.images import encoded, textured, written
from tests.support.local_files import receive_path
from uploads.models import Upload
from uploads.storage import local_copy

pytestmark = pytest.mark.django_db(transaction=True)
JPEG = encoded(textured(320, 240), "JPEG")


class BreakingStream(io.BytesIO):
    """A stream that fails after its first bytes, like a file on a failing disk."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell():
            raise OSError(5, "Input/output error")
        return super().read(100)


def test_receive_path_copies_and_leaves_the_source(batch: UploadBatch, tmp_path: Path) -> None:
    source = written(tmp_path, JPEG, "cat.jpg")
    before = source.stat()

    outcome = receive_path(batch, source, "Cats/cat.jpg")

    item = batch.items.get()
    assert (outcome.state, item.relative_path, item.filename) == ("queued", "Cats/cat.jpg", "cat.jpg")
    with local_copy(Upload.objects.get().key) as stored:
        assert stored.read_bytes() == JPEG
        assert not stored.samefile(source)
    assert (source.stat().st_ino, source.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize(
    ("stream", "size", "code"),
    [
        (io.BytesIO(JPEG), len(JPEG) + 1, "file.changed"),
        (io.BytesIO(JPEG), len(JPEG) - 1, "file.changed"),
        (BreakingStream(JPEG), len(JPEG), "file.unopened"),
        (io.BytesIO(b""), 0, "file.empty"),
        (io.BytesIO(b"hello"), 5, "file.unsupported"),
    ],
)
def test_receive_file_refuses_with_a_code_and_a_message(
    batch: UploadBatch, partial_root: Path, stream: io.BytesIO, size: int, code: str
) -> None:
    stream.seek(0)

    outcome = receive_file(batch, FileName("cat.jpg", size), stream)

    item = batch.items.get()
    assert (outcome.state, outcome.code, outcome.message) == ("refused", code, item.error_message)
    assert (item.status, item.error_code) == ("failed", code)
    assert not partial_root.exists() or not list(partial_root.iterdir())
    assert_counters_match(batch)


@pytest.mark.parametrize("complete", [False, True])
def test_receive_file_stops_reading_an_unsupported_file_after_its_head(
    batch: UploadBatch, partial_root: Path, complete: bool
) -> None:
    film = io.BytesIO(b"FLV\1\5\0\0\0\x09" + bytes(3 * READ_BYTES))
    size = len(film.getvalue())

    outcome = receive_file(batch, FileName("a.mov", size if complete else 2 * size), film)

    assert (outcome.state, outcome.code) == ("refused", "file.unsupported")
    assert film.tell() == READ_BYTES
    assert not list(partial_root.iterdir())
    assert_counters_match(batch)


def test_receive_path_counts_unreadable_files(batch: UploadBatch, tmp_path: Path) -> None:
    outcomes = [receive_path(batch, tmp_path / "gone.jpg", "gone.jpg"), receive_path(batch, tmp_path, "folder")]

    assert [outcome.code for outcome in outcomes] == ["file.unopened", "file.unopened"]
    assert batch.items.filter(status="failed").count() == 2
    assert_counters_match(batch)


def test_receive_path_accepts_names_that_are_not_utf8(batch: UploadBatch, tmp_path: Path) -> None:
    source = tmp_path / os.fsdecode(b"caf\xe9.jpg")
    source.write_bytes(JPEG)

    outcome = receive_path(batch, source, source.name)

    assert outcome.state == "queued"
    assert batch.items.get().filename == "caf\N{REPLACEMENT CHARACTER}.jpg"
