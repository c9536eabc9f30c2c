"""HEIF pictures of tiles are decoded tile by tile, with the same result as by libheif."""

import io
import struct
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from tests.support.heif_files import repeated, ten_bits
from tests.support.images import pixel, textured, written
from uploads.errors import PermanentError
from uploads.media.heif_grid import Grid, read_grid
from uploads.media.heif_items import Property
from uploads.media.heif_tiles import count_threads, decode_grid
from uploads.media.image import read_picture
from uploads.media.pixel_rows import reduced_picture

pytestmark = pytest.mark.slow

PHOTO = textured(302, 214)
MIB = 2**20
MORE_COLUMNS = (b"\0\1\0\1" + struct.pack(">LL", 900, 210), b"\0\1\0\2" + struct.pack(">LL", 900, 210))
"""The layout of a grid of one row and two columns, and the same with three columns."""


def heic(image: Image.Image, orientation: int = 1, tile_size: int = 64) -> bytes:
    """Return a HEIC whose container has this EXIF orientation as rotation and mirroring."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    turned = image.copy()
    turned.info["exif"] = exif.tobytes()
    buffer = io.BytesIO()
    pillow_heif.from_pillow(turned).save(buffer, quality=90, tile_size=tile_size, enc_params={"preset": "ultrafast"})
    return buffer.getvalue()


def grid_of(data: bytes) -> Grid:
    grid = read_grid(data)
    assert grid is not None
    return grid


def by_tiles(data: bytes, longest: int) -> NDArray[np.uint8]:
    return np.asarray(decode_grid(grid_of(data), longest, threads=2))


def by_libheif(data: bytes, longest: int) -> NDArray[np.uint8]:
    image = pillow_heif.open_heif(data)[0]
    return np.asarray(reduced_picture(image.mode, image.size, image.data, image.stride, longest))


def without_tiles(data: bytes, damaged: list[int]) -> bytes:
    """Return the grid with zeros instead of the data of these tiles."""
    changed = bytearray(data)
    for number in damaged:
        for start, end in grid_of(data).parts[number]:
            changed[start:end] = bytes(end - start)
    return bytes(changed)


@pytest.mark.parametrize("longest", [1000, 60])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_tiles_give_the_same_pixels_as_libheif(orientation: int, longest: int) -> None:
    data = heic(PHOTO, orientation)

    assert np.array_equal(by_tiles(data, longest), by_libheif(data, longest))


@pytest.mark.parametrize("chroma", [420, 422, 444])
def test_tiles_with_ten_bits_give_the_same_pixels_as_libheif(chroma: int) -> None:
    data = ten_bits(PHOTO, tile_size=64, chroma=chroma)

    assert np.array_equal(by_tiles(data, 60), by_libheif(data, 60))


@pytest.mark.parametrize("quarters", range(4))
def test_oblong_tiles_are_turned(quarters: int) -> None:
    data = repeated(heic(textured(96, 64), tile_size=0), 3, 2, (180, 170), quarters)

    assert np.array_equal(by_tiles(data, 1000), by_libheif(data, 1000))


@pytest.mark.parametrize("threads", [1, 4])
def test_number_of_threads_does_not_matter(threads: int) -> None:
    data = heic(PHOTO)

    assert np.array_equal(np.asarray(decode_grid(grid_of(data), 60, threads)), by_libheif(data, 60))


def test_tiles_lower_than_the_factor_of_the_reduction_are_joined() -> None:
    flat = heic(textured(64, 64), tile_size=0)
    data = repeated(flat, 3, 60, (3840, 130))

    assert np.array_equal(by_tiles(data, 40), by_libheif(data, 40))


def test_damaged_tile_becomes_grey(tmp_path: Path) -> None:
    data = heic(Image.new("RGB", (200, 128), "red"))

    image = read_picture(written(tmp_path, without_tiles(data, [1]))).image

    assert pixel(image, 96, 32) == (128, 128, 128)
    assert pixel(image, 32, 32)[0] > 240 > 40 > pixel(image, 32, 32)[1]


def test_picture_with_only_damaged_tiles_is_refused(tmp_path: Path) -> None:
    data = heic(PHOTO)

    with pytest.raises(PermanentError, match=r"image\.(corrupt|truncated)"):
        read_picture(written(tmp_path, without_tiles(data, list(range(20)))))


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("a single picture", heic(PHOTO, tile_size=0)),
        ("a picture of another codec", heic(PHOTO).replace(b"hvc1", b"xxxx")),
        ("too few tiles", repeated(heic(PHOTO, tile_size=0), 1, 2, (900, 210)).replace(*MORE_COLUMNS)),
    ],
)
def test_other_structure_is_left_to_libheif(kind: str, data: bytes) -> None:
    assert read_grid(data) is None, kind


@pytest.mark.parametrize(
    ("kind", "of_tiles", "of_grid"),
    [
        ("many properties", [(b"abcd", b"")] * 20, []),
        ("a large property", [(b"abcd", bytes(70_000))], []),
        ("two colour codes", [], [(b"colr", b"nclx\0\1\0\15\0\6\x80"), (b"colr", b"nclx\0\1\0\15\0\6\0")]),
        ("two rotations", [], [(b"irot", b"\1")]),
    ],
)
def test_unusual_properties_are_left_to_libheif(kind: str, of_tiles: list[Property], of_grid: list[Property]) -> None:
    tile = heic(textured(96, 64), tile_size=0)

    assert read_grid(repeated(tile, 1, 2, (180, 60))) is not None
    assert read_grid(repeated(tile, 1, 2, (180, 60), more_of_tiles=of_tiles, more_of_grid=of_grid)) is None, kind


def test_items_that_are_listed_twice_are_damage() -> None:
    data = repeated(heic(textured(96, 64), tile_size=0), 1, 2, (180, 60), references=2)

    with pytest.raises(ValueError, match="two lists"):
        read_grid(data)
    with pytest.raises(ValueError, match="listed twice"):
        read_grid(data.replace(b"infe\2\0\0\1\0\2", b"infe\2\0\0\1\0\1"))


def test_transparency_is_kept(tmp_path: Path) -> None:
    data = heic(Image.new("RGBA", (200, 128), (255, 0, 0, 0)))

    assert min(pixel(read_picture(written(tmp_path, data)).image, 100, 64)) > 250


@pytest.mark.parametrize(("tile_size", "max_pixels"), [(64, 10_000), (0, 40_000)])
def test_more_pixels_are_allowed_in_tiles(tile_size: int, max_pixels: int, tmp_path: Path) -> None:
    path = written(tmp_path, heic(PHOTO, tile_size=tile_size))

    with pytest.raises(PermanentError, match=r"image\.bomb"):
        read_picture(path, max_pixels)
    assert read_picture(path, 2 * max_pixels).width == 302


def test_threads_are_limited_by_memory() -> None:
    sides = {"camera": (3168, 2112, 3, 3), "phone": (512, 512, 6, 8), "one tile": (9504, 6336, 1, 1)}
    grids = {
        name: Grid(
            width * columns, height * rows, width, height, 0, 0, np.zeros((rows, columns), int), b"", [[(0, MIB)]], []
        )
        for name, (width, height, rows, columns) in sides.items()
    }

    threads = {name: count_threads(grid, 16.5, 280 * MIB) for name, grid in grids.items()}

    assert threads == {"camera": 1, "phone": 4, "one tile": 0}


SMALL = heic(textured(100, 70))
TABLES = SMALL.index(b"mdat")


@settings(max_examples=300, deadline=None)
@given(changes=st.lists(st.tuples(st.integers(0, TABLES), st.binary(min_size=1, max_size=4)), min_size=1, max_size=4))
def test_mutated_tables_are_read_or_damage(changes: list[tuple[int, bytes]]) -> None:
    data = bytearray(SMALL)
    for start, change in changes:
        data[start : start + len(change)] = change

    try:
        grid = read_grid(bytes(data))
    except ValueError:
        return
    if grid is not None:
        assert 0 <= grid.left < grid.tile_width
        assert grid.tile_file(grid.order.size - 1)[4:8] == b"ftyp"
