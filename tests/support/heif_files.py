"""Write HEIF pictures that are grids of one repeated tile."""

import io
import struct
from collections.abc import Iterable

import numpy as np
import pillow_heif
from PIL import Image

from uploads.media.heif_boxes import box
from uploads.media.heif_items import Item, Property, read_items


def ten_bits(image: Image.Image, **options: object) -> bytes:
    """Return a HEIC with 10 bits per channel."""
    levels = np.asarray(image.convert("RGB")).astype(np.uint16) * 257
    buffer = io.BytesIO()
    container = pillow_heif.from_bytes("RGB;16", image.size, levels.tobytes())
    container.save(buffer, quality=90, enc_params={"preset": "ultrafast"}, **options)
    return buffer.getvalue()


def repeated(
    tile: bytes,
    rows: int,
    columns: int,
    size: tuple[int, int],
    quarters: int = 0,
    more_of_tiles: Iterable[Property] = (),
    more_of_grid: Iterable[Property] = (),
    references: int = 1,
) -> bytes:
    """Return a HEIC of this size that is a grid; each tile is the picture of the HEIC `tile`, and has the same data.

    The picture is to be turned anticlockwise by `quarters` times 90 degrees. The tiles and the grid get more properties
    if these are given. The list of tiles is written `references` times.
    """
    primary, items = read_items(tile)
    content = b"".join(tile[start:end] for start, end in items[primary].parts)
    one = Item(b"hvc1", [*items[primary].properties, *more_of_tiles])
    of_grid = [(b"ispe", bytes(4) + struct.pack(">LL", *size)), (b"irot", bytes([quarters])), *more_of_grid]
    layout = bytes([0, 1, rows - 1, columns - 1]) + struct.pack(">LL", *size)
    start = len(_head(one, of_grid, layout, rows * columns, (0, len(content)), references))
    return _head(one, of_grid, layout, rows * columns, (start, len(content)), references) + content


def _head(
    tile: Item, of_grid: list[Property], layout: bytes, count: int, data: tuple[int, int], references: int
) -> bytes:
    numbers, grid = range(1, count + 1), count + 1
    properties = tile.properties + of_grid
    of_tile = bytes([len(tile.properties), *range(1, len(tile.properties) + 1)])
    entries = [_entry(number, b"\1", b"hvc1") for number in numbers] + [_entry(grid, b"\0", b"grid")]
    locations = [struct.pack(">HHHHLL", number, 0, 0, 1, *data) for number in numbers]
    locations.append(struct.pack(">HHHHLL", grid, 1, 0, 1, 0, len(layout)))
    associations = [struct.pack(">H", number) + of_tile for number in numbers]
    indexes = range(len(tile.properties) + 1, len(properties) + 1)
    associations.append(struct.pack(">HB", grid, len(of_grid)) + bytes(indexes))
    meta = [
        box(b"hdlr", bytes(8) + b"pict" + bytes(13)),
        box(b"pitm", bytes(4) + struct.pack(">H", grid)),
        box(b"iinf", bytes(4) + struct.pack(">H", count + 1) + b"".join(entries)),
        box(b"iref", bytes(4) + box(b"dimg", struct.pack(f">{count + 2}H", grid, count, *numbers)) * references),
        box(
            b"iprp",
            box(b"ipco", b"".join(box(*found) for found in properties))
            + box(b"ipma", bytes(4) + struct.pack(">L", count + 1) + b"".join(associations)),
        ),
        box(b"idat", layout),
        box(b"iloc", b"\1\0\0\0\x44\0" + struct.pack(">H", count + 1) + b"".join(locations)),
    ]
    start = box(b"ftyp", b"heic\0\0\0\0mif1heic") + box(b"meta", bytes(4) + b"".join(meta))
    return start + struct.pack(">L4s", 8 + data[1], b"mdat")


def _entry(number: int, flags: bytes, kind: bytes) -> bytes:
    return box(b"infe", b"\2\0\0" + flags + struct.pack(">HH4sB", number, 0, kind, 0))
