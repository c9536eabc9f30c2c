"""A decoder gets only those chunks of a PNG that it needs for the picture."""

import io
import zlib

import pytest

from tests.support.images import encoded, png_chunk, textured
from uploads.media.png_structure import read_structure

PICTURE = encoded(textured(64, 48), "PNG")
PROFILE = b"name\0\0" + zlib.compress(bytes(2000))


def seen(chunk: bytes) -> bytes:
    """Return what a decoder gets if `chunk` follows the header."""
    data = PICTURE[:33] + chunk + PICTURE[33:]
    _structure, parts = read_structure(io.BytesIO(data))
    return b"".join(data[start:end] for start, end in parts)


@pytest.mark.parametrize("name", [b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"pHYs", b"prVt", b"fdAT"])
def test_other_chunks_are_left_out(name: bytes) -> None:
    assert seen(png_chunk(name, b"Comment\0\0...")) == PICTURE


def test_sound_profile_is_kept() -> None:
    chunk = png_chunk(b"iCCP", PROFILE)

    assert seen(chunk) == PICTURE[:33] + chunk + PICTURE[33:]


@pytest.mark.parametrize(
    "chunk",
    [
        png_chunk(b"iCCP", PROFILE)[:-4] + b"\0\0\0\0",
        png_chunk(b"iCCP", PROFILE[:-9]),
        png_chunk(b"iCCP", b"name\0\0" + zlib.compress(bytes(2_000_000))),
    ],
    ids=["checksum", "cut", "too long"],
)
def test_broken_profile_is_left_out(chunk: bytes) -> None:
    assert seen(chunk) == PICTURE


@pytest.mark.parametrize(
    ("mode", "size"), [("1", 1), ("L", 1), ("P", 1), ("I;16", 2), ("LA", 4), ("RGB", 4), ("RGBA", 4)]
)
def test_memory_depends_on_the_mode(mode: str, size: int) -> None:
    picture = textured(64, 48).convert("I").convert(mode) if mode == "I;16" else textured(64, 48).convert(mode)

    structure, _parts = read_structure(io.BytesIO(encoded(picture, "PNG")))

    assert (structure.width, structure.height, structure.pixel_bytes) == (64, 48, size)
