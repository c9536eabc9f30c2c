"""EXIF data is read tag by tag and within limits, whatever it contains."""

import math
import struct
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from uploads.media.tiff_tags import MAX_ENTRIES, MAX_NUMBERS, MAX_TEXT_BYTES, TiffTags, Value

ANY = frozenset(range(1 << 16))


def first_directory(data: bytes) -> dict[int, Value]:
    return TiffTags(data.removeprefix(b"Exif\0\0")).first_directory(ANY)


@given(
    make=st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=60),
    orientation=st.integers(0, 65_535),
    fraction=st.tuples(st.integers(0, 2**32 - 1), st.integers(1, 2**32 - 1)),
)
def test_tags_of_another_writer_are_read(make: str, orientation: int, fraction: tuple[int, int]) -> None:
    exif = Image.Exif()
    exif.update({0x010F: make, 0x0112: orientation, 0x011A: IFDRational(*fraction)})

    tags = first_directory(exif.tobytes())

    assert tags[0x010F] == make.encode() + b"\0"
    assert tags[0x0112] == orientation
    assert tags[0x011A] == fraction[0] / fraction[1]


def test_directory_behind_a_pointer_is_read() -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 30.0, 0.0)})
    tiff = TiffTags(exif.tobytes().removeprefix(b"Exif\0\0"))

    gps = tiff.directory(tiff.first_directory(ANY)[0x8825], ANY)

    assert gps == {1: b"N\0", 2: (52.0, 30.0, 0.0)}


def test_unwanted_tags_are_not_read() -> None:
    exif = Image.Exif()
    exif.update({0x010F: "Maker", 0x0112: 6})

    assert TiffTags(exif.tobytes()[6:]).first_directory(frozenset({0x0112})) == {0x0112: 6}


def test_fraction_with_denominator_zero_is_not_a_number() -> None:
    data = b"MM\0*" + struct.pack(">LH HHLL L LL", 8, 1, 0x011A, 5, 1, 26, 0, 7, 0)

    value = first_directory(data)[0x011A]

    assert isinstance(value, float)
    assert math.isnan(value)


@given(
    order=st.sampled_from([b"II*\0", b"MM\0*", b"II", b""]),
    offset=st.sampled_from([8, 8, 0, 2**32 - 1]),
    entries=st.lists(st.tuples(st.sampled_from(range(15)), st.integers(0, 2**32 - 1), st.integers(0, 99)), max_size=9),
    rest=st.binary(max_size=200),
)
def test_any_bytes_are_read_within_the_limits(
    order: bytes, offset: int, entries: list[tuple[int, int, int]], rest: bytes
) -> None:
    sign = ">" if order[:1] == b"M" else "<"
    body = b"".join(struct.pack(f"{sign}HHLL", number, *entry) for number, entry in enumerate(entries))
    data = order + struct.pack(f"{sign}LH", offset, len(entries)) + body + rest

    for value in first_directory(data).values():
        assert len(value) <= MAX_TEXT_BYTES if isinstance(value, bytes) else True
        assert len(value) <= MAX_NUMBERS if isinstance(value, tuple) else True


def directory(entries: int, kind: int, count: int, pointer: int) -> bytes:
    """Return a directory whose entries differ only in their tags (0, 1, 2 and so on), followed by 10,000 bytes."""
    body = b"".join(struct.pack("<HHLL", number, kind, count, pointer) for number in range(entries))
    return b"II*\0" + struct.pack("<LH", 8, entries) + body + bytes(10_000)


def test_long_text_is_cut() -> None:
    assert first_directory(directory(1, 2, 10_000, 22)) == {0: bytes(MAX_TEXT_BYTES)}


@pytest.mark.parametrize("count", [MAX_NUMBERS + 1, 2**26])
def test_long_list_of_numbers_is_skipped_without_unpacking_it(count: int) -> None:
    tracemalloc.start()
    tags = first_directory(directory(1, 3, count, 22))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert tags == {}
    assert peak < 2**20


def test_only_the_first_entries_of_a_large_directory_are_read() -> None:
    assert len(first_directory(directory(MAX_ENTRIES + 5, 3, 1, 0))) == MAX_ENTRIES


@pytest.mark.parametrize("data", [b"", b"\x08" + bytes(14), b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\0\x01"])
def test_size_of_a_missing_directory_is_0(data: bytes) -> None:
    assert TiffTags(data).first_directory_bytes() == 0
