"""A JPEG's markers show, before decoding, how much memory and time a decoder will need."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.support.images import encoded, textured
from uploads.errors import PermanentError
from uploads.media.jpeg_structure import JpegStructure, read_structure

PHOTO = encoded(textured(64, 48), "JPEG", subsampling="4:2:0", exif=b"Exif\0\0II*\0", comment=b"x" * 100)


def structure(data: bytes) -> JpegStructure:
    return read_structure(io.BytesIO(data))


def test_baseline_picture_needs_no_coefficients() -> None:
    found = structure(PHOTO)

    assert (found.width, found.height, found.buffered, found.coefficient_bytes()) == (64, 48, False, 0)


@pytest.mark.parametrize(("subsampling", "size"), [("4:4:4", 6), ("4:2:2", 4), ("4:2:0", 3)])
def test_progressive_picture_keeps_coefficients(subsampling: str, size: float) -> None:
    found = structure(encoded(textured(64, 48), "JPEG", progressive=True, subsampling=subsampling))

    assert (found.buffered, found.coefficient_bytes()) == (True, size)


def test_baseline_picture_in_several_scans_keeps_coefficients() -> None:
    scan = PHOTO.index(b"\xff\xda\x00\x0c\x03")
    one_component = b"\xff\xda\x00\x08\x01" + PHOTO[scan + 5 : scan + 7] + b"\x00\x3f\x00"

    found = structure(PHOTO[:scan] + one_component + PHOTO[scan + 14 :])

    assert (found.buffered, found.coefficient_bytes()) == (True, 3)


def test_decoder_gets_neither_exif_nor_comments() -> None:
    found = structure(PHOTO)
    seen = b"".join(PHOTO[start:end] for start, end in found.parts)

    assert found.exif == b"Exif\0\0II*\0"
    assert b"Exif" not in seen
    assert b"xxx" not in seen
    assert Image.open(io.BytesIO(seen)).tobytes() == Image.open(io.BytesIO(PHOTO)).tobytes()


def test_junk_between_segments_is_skipped() -> None:
    assert structure(PHOTO[:2] + b"\0\0\xff\xff\xff" + PHOTO[2:]).width == 64


@given(st.lists(st.tuples(st.integers(0, len(PHOTO)), st.binary(max_size=4)), max_size=4))
def test_any_bytes_are_read_or_refused(changes: list[tuple[int, bytes]]) -> None:
    data = bytearray(PHOTO)
    for start, change in changes:
        data[start : start + len(change)] = change
    try:
        found = structure(bytes(data))
    except (PermanentError, ValueError):
        return
    assert all(0 <= start <= end for start, end in found.parts)
