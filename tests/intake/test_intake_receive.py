"""Files that come whole, from a stream or from the disk of the server."""

import io
import os
from pathlib import Path
from unicodedata import normalize

import pytest

from batches.intake.file_name import FileName, displayable, fingerprint
from batches.intake.local_files import receive_path
from batches.intake.partial_file import READ_BYTES
from batches.intake.receive import receive_file
from batches.models import UploadBatch
from tests.support.batches import assert_counters_true
from tests.support.images import encoded, textured, written
from uploads.models import Upload
from uploads.storage import local_copy

pytestmark = pytest.mark.django_db(transaction=True)
JPEG = encoded(textured(320, 240), "JPEG")


class Breaking(io.BytesIO):
    """A stream whose disk fails after its first bytes."""

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
        (Breaking(JPEG), len(JPEG), "file.unreadable"),
        (io.BytesIO(b""), 0, "file.empty"),
        (io.BytesIO(b"hello"), 5, "file.unsupported"),
    ],
)
def test_receive_file_refuses_in_words(
    batch: UploadBatch, parts: Path, stream: io.BytesIO, size: int, code: str
) -> None:
    stream.seek(0)

    outcome = receive_file(batch, FileName("cat.jpg", size), stream)

    item = batch.items.get()
    assert (outcome.state, outcome.code, outcome.message) == ("refused", code, item.error_message)
    assert (item.status, item.error_code) == ("failed", code)
    assert not parts.exists() or not list(parts.iterdir())
    assert_counters_true(batch)


@pytest.mark.parametrize("ended", [False, True])
def test_receive_file_reads_no_more_of_a_film_than_tells_what_it_is(
    batch: UploadBatch, parts: Path, ended: bool
) -> None:
    film = io.BytesIO(b"\0\0\0\x20ftypqt  \0\0\0\0qt  " + bytes(3 * READ_BYTES))
    size = len(film.getvalue())

    outcome = receive_file(batch, FileName("a.mov", size if ended else 2 * size), film)

    assert (outcome.state, outcome.code) == ("refused", "file.unsupported")
    assert film.tell() == READ_BYTES
    assert not list(parts.iterdir())
    assert_counters_true(batch)


def test_receive_path_counts_what_cannot_be_read(batch: UploadBatch, tmp_path: Path) -> None:
    outcomes = [receive_path(batch, tmp_path / "gone.jpg", "gone.jpg"), receive_path(batch, tmp_path, "folder")]

    assert [outcome.code for outcome in outcomes] == ["file.unreadable", "file.unreadable"]
    assert batch.items.filter(status="failed").count() == 2
    assert_counters_true(batch)


def test_receive_path_takes_names_that_are_no_text(batch: UploadBatch, tmp_path: Path) -> None:
    source = tmp_path / os.fsdecode(b"caf\xe9.jpg")
    source.write_bytes(JPEG)

    outcome = receive_path(batch, source, source.name)

    assert outcome.state == "queued"
    assert batch.items.get().filename == "caf\N{REPLACEMENT CHARACTER}.jpg"


def test_receive_leaves_the_row_of_a_long_name_with_its_end(batch: UploadBatch) -> None:
    receive_file(batch, FileName("x" * 300 + ".jpg", len(JPEG)), io.BytesIO(JPEG))

    assert batch.items.get().filename == "…" + "x" * 250 + ".jpg"


def test_fingerprint_is_that_of_its_definition() -> None:
    # printf 'A/b.jpg\0005\0001000' | sha256sum
    assert fingerprint("A/b.jpg", 5, "1000") == "4dd42ed3dd69b7034352bf2cd83af4fba9fa9f0ffe2f5bb186c26fe94f599659"


def test_name_is_kept_composed_and_known_by_what_was_sent() -> None:
    apart = normalize("NFD", "Über/Käse.jpg")

    file = FileName(normalize("NFD", "Käse.jpg"), 7, apart, "5").as_new_file()

    assert (file.filename, file.relative_path) == ("Käse.jpg", "Über/Käse.jpg")
    assert file.fingerprint == fingerprint(apart, 7, "5")


def test_shown_drops_what_disguises_a_name() -> None:
    assert displayable("photo\u202egpj.exe\n") == "photo\ufffdgpj.exe\ufffd"
