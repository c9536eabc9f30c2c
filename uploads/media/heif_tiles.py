"""Decode HEIF pictures that are grids of tiles, a few tiles at a time.

libheif first decodes all tiles and then converts all pixels on one thread, which takes more time, and memory for each
pixel of the picture. Here, only the pixels of one or two rows of tiles are in memory.
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image

from uploads.media import ZOOM_SIDE
from uploads.media.heif_errors import libheif_errors
from uploads.media.heif_grid import Grid
from uploads.media.normalize import box_factor
from uploads.media.pixel_rows import reduced_by

_CHANNELS = 3
_MAX_THREADS = 4
"""As many as libheif uses for the tiles of one picture."""

_GREY = 128


@dataclass(frozen=True, slots=True)
class _Band:
    """A row of tiles that is being decoded.

    `pixels` are rows of the picture, from row `top`, which is a multiple of the factor by which the picture is reduced.
    The rows before those of the tiles belong to the previous band. `tiles` return an error message for a damaged tile.
    """

    top: int
    pixels: NDArray[np.uint8]
    tiles: list[Future[str]]
    is_last: bool


def count_threads(grid: Grid, pixel_bytes: float, available: int) -> int:
    """Return how many tiles can be decoded at the same time within `available` bytes of memory, or 0 for none.

    Decoding a tile takes `pixel_bytes` for each of its pixels, and two copies of its data.
    """
    factor = box_factor((grid.width, grid.height), ZOOM_SIDE)
    # With a factor of 1, Pillow copies the band, with 4 bytes per pixel.
    band = grid.width * (grid.tile_height + factor) * (_CHANNELS if factor > 1 else _CHANNELS + 4)
    result = grid.width * grid.height * 4 // factor**2
    data = max(sum(end - start for start, end in parts) for parts in grid.parts)
    tile = grid.tile_width * grid.tile_height * pixel_bytes + 2 * data
    threads = int((available - 2 * band - result) // tile)
    if threads < 2:
        return int(band + result + tile <= available)
    return min(_MAX_THREADS, threads)


def decode_grid(grid: Grid, longest: int, threads: int) -> Image.Image:
    """Return the picture, reduced by an integer factor to at least `longest` pixels on its longer side.

    Damaged tiles become grey. Raises what libheif_errors raises, and ValueError only if all tiles are damaged.
    """
    factor = box_factor((grid.width, grid.height), longest)
    small = Image.new("RGB", (-(-grid.width // factor), -(-grid.height // factor)))
    stride = grid.width * _CHANNELS
    rest = np.empty((0, stride), np.uint8)
    errors: list[str] = []
    with _executor(threads) as executor:
        for band in _bands(executor, grid, factor, ahead=threads > 1):
            errors += [error for tile in band.tiles if (error := tile.result())]
            band.pixels[: len(rest)] = rest
            ready = len(band.pixels) if band.is_last else len(band.pixels) // factor * factor
            if ready:
                strip = reduced_by(factor, "RGB", (grid.width, ready), band.pixels[:ready].data.cast("B"), stride)
                small.paste(strip, (0, band.top // factor))
            rest = band.pixels[ready:].copy()
            del band  # before the next one is allocated
    if len(errors) == grid.order.size:
        raise ValueError(errors[0])
    return small


@contextmanager
def _executor(threads: int) -> Iterator[Executor]:
    """Run tiles on `threads` threads. If the block raises an exception, tiles that are still waiting are left out."""
    executor = ThreadPoolExecutor(threads)
    try:
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)


def _bands(executor: Executor, grid: Grid, factor: int, *, ahead: bool) -> Iterator[_Band]:
    """Yield the rows of tiles. If `ahead`, the next one is decoded while one is used."""
    pending: deque[_Band] = deque()
    for row in range(len(grid.order)):
        pending.append(_start_band(executor, grid, row, factor))
        if len(pending) > ahead:
            yield pending.popleft()
    yield from pending


def _start_band(executor: Executor, grid: Grid, row: int, factor: int) -> _Band:
    start = row * grid.tile_height - grid.top
    top, bottom = max(0, start), min(grid.height, start + grid.tile_height)
    before = top % factor
    pixels = np.empty((before + bottom - top, grid.width * _CHANNELS), np.uint8)
    tiles = [
        executor.submit(_decode_tile, grid, pixels[before:], top - start, column, number)
        for column, number in enumerate(grid.order[row].tolist())
    ]
    return _Band(top - before, pixels, tiles, is_last=bottom == grid.height)


def _decode_tile(grid: Grid, rows: NDArray[np.uint8], skipped: int, column: int, number: int) -> str:
    """Decode a tile, and copy the part of it that lies within the picture to `rows`.

    The tile's first `skipped` rows are omitted. Return a message if the tile is damaged.
    """
    left = column * grid.tile_width - grid.left
    first, last = max(0, -left), min(grid.tile_width, grid.width - left)
    target = rows[:, (left + first) * _CHANNELS : (left + last) * _CHANNELS]
    try:
        with libheif_errors():
            (image,) = pillow_heif.open_heif(grid.tile_file(number))
            pixels = np.frombuffer(image.data, np.uint8).reshape(-1, image.stride)
            if (image.mode, image.size) != ("RGB", (grid.tile_width, grid.tile_height)):
                raise ValueError("a tile has another size or mode")
    except (ValueError, EOFError) as error:
        target[:] = _GREY
        return f"damaged tile: {error}"  # the exception would keep the pixels of its stack frames
    target[:] = pixels[skipped : skipped + len(rows), first * _CHANNELS : last * _CHANNELS]
    return ""
