"""Untrusted ZIP archives are read safely, in constant memory."""

import io
import struct
import tracemalloc
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.archives import reader, zipped
from tests.support.hostile_archives import patched
from uploads.archives.zip_directory import ZipEntry, read_directory
from uploads.archives.zip_file import unpack
from uploads.archives.zip_limits import check_entries, is_unsafe
from uploads.errors import PermanentError

pytestmark = pytest.mark.slow

FILES = {"Takeout/Photos/a.jpg": b"a" * 100_000, "Takeout/Photos/b.json": b"{}", "Straße/ü.jpg": bytes(range(256)) * 9}


def entries(data: bytes | Path, limit: int = 1000) -> list[ZipEntry]:
    size = len(data) if isinstance(data, bytes) else data.stat().st_size
    return list(read_directory(reader(data), size, limit))


def content(data: bytes, entry: ZipEntry) -> bytes:
    return b"".join(unpack(io.BytesIO(data[entry.offset :]), entry))


def code(data: bytes) -> str:
    """Return the error code for the archive or for one of its files."""
    with pytest.raises(PermanentError) as caught:
        read_all(data)
    return caught.value.code


def read_all(data: bytes) -> None:
    for entry in entries(data):
        content(data, entry)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("prefix", [b"", b"#!/bin/sh\n" * 100])
@pytest.mark.parametrize("suffix", [b"", b"\0" * 100])
def test_files_of_an_archive_are_listed_and_unpacked(method: int, prefix: bytes, suffix: bytes) -> None:
    data = prefix + zipped(FILES, method) + suffix

    assert {entry.path: content(data, entry) for entry in entries(data)} == FILES


def test_folders_are_not_listed_and_backslashes_are_separators() -> None:
    data = zipped({"Photos/": b"", "Photos/2020/": b""}) + b""
    windows = zipped({"Photos\\a.jpg": b"x"})

    assert entries(data) == []
    assert [entry.path for entry in entries(windows)] == ["Photos/a.jpg"]


def test_archive_beyond_4_gib_has_64_bit_offsets(tmp_path: Path) -> None:
    path = tmp_path / "large.zip"
    with path.open("wb") as file:
        file.truncate(5 * 2**30)  # a hole, which takes up no disk space
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("a.jpg", b"picture")

    [entry] = entries(path)

    assert entry.offset >= 5 * 2**30
    with path.open("rb") as file:
        file.seek(entry.offset)
        assert b"".join(unpack(file, entry)) == b"picture"


def test_more_entries_than_allowed_are_refused_before_they_are_read() -> None:
    with pytest.raises(PermanentError) as caught:
        entries(zipped({str(number): b"" for number in range(11)}), limit=10)

    assert caught.value.code == "archive.too_many_files"


ZIP = zipped({"a.jpg": b"a" * 1000})
BROKEN = {
    "archive.truncated": ZIP[:-30],
    "archive.split": patched(ZIP, b"PK\5\6", 4, b"\1\0"),
    "archive.damaged": patched(ZIP, b"PK\1\2", 0, rb"PK\9\9"),
    "archive.encrypted": patched(ZIP, b"PK\1\2", 8, b"\1\0"),
    "archive.method": patched(ZIP, b"PK\1\2", 10, struct.pack("<H", 14)),
    "archive.entry_damaged": patched(ZIP, b"PK\1\2", 16, b"\0\0\0\0"),
}


@pytest.mark.parametrize("expected", BROKEN)
def test_broken_archive_is_refused_with_its_reason(expected: str) -> None:
    assert code(BROKEN[expected]) == expected


def test_entry_that_lies_outside_of_the_archive_is_damage() -> None:
    assert code(patched(ZIP, b"PK\1\2", 42, b"\xf0\xff\xff\xff")) == "archive.damaged"


def test_first_part_of_a_split_archive_is_recognised() -> None:
    assert code(b"PK\7\x08" + ZIP[:100]) == "archive.split"


def test_entry_that_inflates_to_more_than_announced_stops_early() -> None:
    bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = bomb.compress(bytes(100_000_000)) + bomb.flush()
    header = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 0, 0, 0, 0, 0, 0)
    entry = ZipEntry("a.jpg", 0, len(packed), 1000, 0, 8)
    tracemalloc.start()

    with pytest.raises(PermanentError, match=r"archive\.entry_damaged"):
        for _piece in unpack(io.BytesIO(header + packed), entry):
            pass

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


def test_directory_of_many_files_takes_constant_memory() -> None:
    data = zipped({f"Takeout/{number:06}.jpg": b"" for number in range(5_000)})
    tracemalloc.start()

    count = sum(1 for _entry in read_directory(reader(data), len(data), 5_000))

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (count, peak < 2_000_000) == (5_000, True)


@pytest.mark.parametrize(
    ("found", "size", "expected"),
    [
        ([ZipEntry("a", 0, 10, 2**31, 0, 8)], 1000, "archive.bomb"),
        ([ZipEntry("a", 0, 100, 100, 0, 8), ZipEntry("b", 50, 100, 100, 0, 8)], 1000, "archive.bomb"),
        (
            [ZipEntry("a", 300, 9, 9, 0, 8), ZipEntry("b", 0, 9, 9, 0, 8), ZipEntry("c", 5, 9, 9, 0, 8)],
            500,
            "archive.bomb",
        ),
        ([ZipEntry("a", 0, 2**40, 2**40, 0, 0)], 2**40, "archive.too_large"),
        ([ZipEntry("a", 0, 10, 10, 0, 8, encrypted=True)], 1000, "archive.encrypted"),
    ],
)
def test_implausible_archive_is_refused(found: list[ZipEntry], size: int, expected: str) -> None:
    with pytest.raises(PermanentError) as caught:
        check_entries(found, size, 2**38)

    assert caught.value.code == expected


def test_entries_may_lie_in_another_order_than_in_the_directory() -> None:
    check_entries([ZipEntry("a", 100, 50, 50, 0, 8), ZipEntry("b", 0, 100, 100, 0, 8)], 1000, 2**38)


def test_check_of_many_entries_takes_little_memory() -> None:
    tracemalloc.start()

    check_entries((ZipEntry("a", 10 * number, 10, 10, 0, 8) for number in range(50_000)), 10**6, 2**38)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


@pytest.mark.parametrize(
    "path", ["../a.jpg", "a/../../b.jpg", "/etc/passwd", "C:\\a.jpg", "C:/a.jpg", "..\\a.jpg", "a\0b"]
)
def test_path_that_leaves_the_archive_is_unsafe(path: str) -> None:
    assert is_unsafe(path)


def test_name_with_dots_is_safe() -> None:
    assert not is_unsafe("Photos/My..Trip/a...jpg")


@given(data=st.binary(max_size=400), at=st.integers(0, 200), cut=st.integers(0, 200))
def test_any_bytes_are_listed_or_refused_with_a_code(data: bytes, at: int, cut: int) -> None:
    valid = zipped({"a.jpg": b"a" * 50, "b/c.jpg": b"b"}, zipfile.ZIP_STORED)
    for candidate in (data, valid[:at] + data + valid[at + cut :]):
        with suppress(PermanentError):
            for entry in entries(candidate):
                assert len(content(candidate, entry)) == entry.size
