"""A PNG's chunks show its colour space and the memory its decoder needs. Chunks that it does not need are left out."""

import io
import struct
import zlib

import pytest

from tests.support.images import encoded, png_chunk, textured
from uploads.media.colour import coded_space, gamma_space
from uploads.media.png_structure import PngStructure, read_structure

PICTURE = encoded(textured(64, 48), "PNG")
PROFILE = b"name\0\0" + zlib.compress(bytes(2000))


def seen(chunk: bytes) -> bytes:
    """Return the bytes that are passed to the decoder if `chunk` follows the header."""
    data = PICTURE[:33] + chunk + PICTURE[33:]
    _structure, parts = read_structure(io.BytesIO(data))
    return b"".join(data[start:end] for start, end in parts)


def found(*chunks: bytes) -> PngStructure:
    """Return the structure of a PNG in which `chunks` follow the header."""
    return read_structure(io.BytesIO(PICTURE[:33] + b"".join(chunks) + PICTURE[33:]))[0]


@pytest.mark.parametrize("name", [b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"pHYs", b"iCCP", b"acTL", b"prVt", b"fdAT"])
def test_other_chunks_are_left_out(name: bytes) -> None:
    assert seen(png_chunk(name, b"Comment\0\0...")) == PICTURE


def test_transparency_is_kept_if_its_checksum_is_right() -> None:
    chunk = png_chunk(b"tRNS", b"\0\1\0\2\0\3")

    assert seen(chunk) == PICTURE[:33] + chunk + PICTURE[33:]
    assert seen(chunk[:-4] + b"\0\0\0\0") == PICTURE


@pytest.mark.parametrize("size", [2000, 2_000_000])
def test_valid_profile_is_found(size: int) -> None:
    assert found(png_chunk(b"iCCP", b"name\0\0" + zlib.compress(bytes(size)))).profile == bytes(size)


@pytest.mark.parametrize(
    "chunk",
    [
        png_chunk(b"iCCP", PROFILE)[:-4] + b"\0\0\0\0",
        png_chunk(b"iCCP", PROFILE[:-9]),
        png_chunk(b"iCCP", b"name\0\0" + zlib.compress(bytes(5_000_000))),
    ],
    ids=["checksum", "cut", "too long"],
)
def test_broken_profile_is_left_out(chunk: bytes) -> None:
    assert found(chunk).profile == b""


GAMMA_1 = png_chunk(b"gAMA", (100_000).to_bytes(4, "big"))
GAMMA_2_2 = png_chunk(b"gAMA", (45_455).to_bytes(4, "big"))
P3 = struct.pack(">8I", *(round(100_000 * value) for value in (0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)))


def test_colour_space_comes_from_the_best_chunk() -> None:
    codes, sound, srgb = (
        png_chunk(*chunk) for chunk in ((b"cICP", b"\x0c\x0d\0\1"), (b"iCCP", PROFILE), (b"sRGB", b"\0"))
    )

    assert found(GAMMA_1, srgb, sound, codes).colour_space() == coded_space(12, 13)
    assert found(GAMMA_1, srgb).colour_space() is None
    assert found(GAMMA_1, sound).colour_space() is None
    assert found(GAMMA_1).colour_space() == gamma_space(1.0, None)
    assert found(GAMMA_1, srgb[:-4] + b"\0\0\0\0").colour_space() == gamma_space(1.0, None)


def test_usual_gamma_changes_nothing_without_other_primaries() -> None:
    space = found(GAMMA_2_2, png_chunk(b"cHRM", P3)).colour_space()

    assert found(GAMMA_2_2).colour_space() is None
    assert space is not None
    assert space.primaries[:2] == (0.68, 0.32)


@pytest.mark.parametrize("content", [b"", b"\0\0\0\0", b"\0\0\0\1", b"\xff\xff\xff\xff"])
def test_unusable_gamma_is_ignored(content: bytes) -> None:
    assert found(png_chunk(b"gAMA", content)).colour_space() is None


@pytest.mark.parametrize(
    ("mode", "size"), [("1", 1), ("L", 1), ("P", 1), ("I;16", 2), ("LA", 4), ("RGB", 4), ("RGBA", 4)]
)
def test_memory_depends_on_the_mode(mode: str, size: int) -> None:
    picture = textured(64, 48).convert("I").convert(mode) if mode == "I;16" else textured(64, 48).convert(mode)

    structure, _parts = read_structure(io.BytesIO(encoded(picture, "PNG")))

    assert (structure.width, structure.height, structure.pixel_bytes) == (64, 48, size)
