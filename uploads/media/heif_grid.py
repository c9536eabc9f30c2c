"""Read the structure of HEIF pictures that are grids of tiles (ISO 23008-12, 6.6.2.3).

pillow-heif cannot decode a single tile of a picture. So each tile is turned into a HEIF file of its own, with those
properties of the whole picture that change its pixels.
"""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uploads.media.heif_boxes import box
from uploads.media.heif_items import Fields, Item, Property, read_items
from uploads.media.iso_boxes import Range

_TURNS = frozenset({b"irot", b"imir"})
_TRANSFORMATIONS = _TURNS | {b"clap", b"iscl"}
_MAX_TILES = 1000
_MAX_PROPERTIES, _MAX_PROPERTY_BYTES = 16, 2**16
"""Limits on the properties of a tile, which are copied for each tile. Cameras write three to five small ones."""

_HEAD = box(b"ftyp", b"heic\0\0\0\0mif1heic")
_FIXED_TABLES = (
    box(b"hdlr", bytes(8) + b"pict" + bytes(13))
    + box(b"pitm", bytes(4) + b"\0\1")
    + box(b"iinf", bytes(4) + b"\0\1" + box(b"infe", b"\2\0\0\0\0\1\0\0hvc1\0"))
)


Edges = tuple[int, int, int, int]
"""Numbers at the left, top, right and bottom."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A picture that consists of tiles of equal size. Sizes and positions are those after its rotation.

    `order` has the number of each tile. `left` and `top` pixels of the first tiles are outside of the picture, and the
    last tiles may extend beyond it. `parts` are the ranges of each tile's data in the file `data`. `properties` apply
    to all tiles.
    """

    width: int
    height: int
    tile_width: int
    tile_height: int
    left: int
    top: int
    order: NDArray[np.intp]
    data: bytes
    parts: list[list[Range]]
    properties: list[Property]

    def tile_file(self, number: int) -> bytes:
        """Return a HEIF file that contains only one tile."""
        content = b"".join(self.data[start:end] for start, end in self.parts[number])
        position = len(_tables(self.properties, 0, 0))
        return _tables(self.properties, position, len(content)) + content


def read_grid(data: bytes) -> Grid | None:
    """Return the grid that is the primary picture of a HEIF file, or None if it is not a grid of the usual structure.

    Raises ValueError if the tables are damaged.
    """
    primary, items = read_items(data)
    picture = items.get(primary, Item(b""))
    tiles = [items.get(number, Item(b"")) for number in picture.inputs]
    if picture.kind != b"grid" or not tiles or not _are_supported(picture, tiles):
        return None
    rows, columns, width, height = _read_layout(b"".join(data[start:end] for start, end in picture.parts))
    tile_width, tile_height = _read_size(tiles[0])
    right, bottom = columns * tile_width - width, rows * tile_height - height
    if len(tiles) != rows * columns or not (0 <= right < tile_width and 0 <= bottom < tile_height):
        return None
    turns = [(name, content[0]) for name, content in picture.properties if name in _TURNS and content]
    order, (left, top, *_) = _turned(np.arange(len(tiles)).reshape(rows, columns), (0, 0, right, bottom), turns)
    if sum(value for name, value in turns if name == b"irot") & 1:
        width, height, tile_width, tile_height = height, width, tile_height, tile_width
    parts = [tile.parts for tile in tiles]
    if any(sum(end - start for start, end in ranges) > len(data) for ranges in parts):
        return None  # the parts of a tile overlap
    return Grid(width, height, tile_width, tile_height, left, top, order, data, parts, _tile_properties(picture, tiles))


def _are_supported(picture: Item, tiles: list[Item]) -> bool:
    """Return whether all tiles are HEVC pictures with the same properties, and nothing is ambiguous or unusual."""
    properties = tiles[0].properties
    names = [name for name, _content in properties]
    turns = [name for name, _content in picture.properties if name in _TRANSFORMATIONS]
    return (
        len(tiles) <= _MAX_TILES
        and all(tile.kind == b"hvc1" and tile.parts and tile.properties == properties for tile in tiles)
        and len(properties) <= _MAX_PROPERTIES
        and sum(len(content) for _name, content in properties) <= _MAX_PROPERTY_BYTES
        and all(names.count(name) == 1 for name in (b"hvcC", b"ispe"))
        and not _TRANSFORMATIONS & set(names)
        and len(set(turns)) == len(turns)
        and set(turns) <= _TURNS
        and all(len(_colour_codes(item)) <= 1 for item in (picture, tiles[0]))
    )


def _colour_codes(item: Item) -> list[Property]:
    return [(name, content) for name, content in item.properties if name == b"colr" and content[:4] == b"nclx"]


def _tile_properties(picture: Item, tiles: list[Item]) -> list[Property]:
    """Return the properties for a file that contains one tile. The colour code of the picture takes precedence."""
    of_tile, of_picture = tiles[0].properties, picture.properties
    codes = _colour_codes(picture) + _colour_codes(tiles[0])
    kept = [(name, content) for name, content in of_tile if name in (b"hvcC", b"ispe", b"pixi")]
    return kept + codes[:1] + [(name, content) for name, content in of_picture if name in _TURNS]


def _read_layout(content: bytes) -> tuple[int, int, int, int]:
    """Return the number of rows and columns of a grid, and the width and height of the picture."""
    fields = Fields(content)
    _version, flags, rows, columns = (fields.integer(1) for _ in range(4))
    size_bytes = 4 if flags & 1 else 2
    return rows + 1, columns + 1, fields.integer(size_bytes), fields.integer(size_bytes)


def _read_size(item: Item) -> tuple[int, int]:
    fields = Fields(dict(item.properties)[b"ispe"])
    fields.version_and_flags()
    return fields.integer(4), fields.integer(4)


def _turned(order: NDArray[np.intp], outside: Edges, turns: list[tuple[bytes, int]]) -> tuple[NDArray[np.intp], Edges]:
    """Apply rotations and mirroring to the order of tiles, and to the numbers of pixels outside of the picture."""
    for name, value in turns:
        left, top, right, bottom = outside
        if name == b"irot":
            for _ in range(value & 3):  # by 90 degrees, anticlockwise
                order, outside = np.rot90(order), outside[1:] + outside[:1]
        elif value & 1:
            order, outside = np.fliplr(order), (right, top, left, bottom)
        else:
            order, outside = np.flipud(order), (left, bottom, right, top)
    return order, outside


def _tables(properties: list[Property], position: int, length: int) -> bytes:
    """Return the start of a HEIF file with one HEVC picture, whose `length` bytes of data start at `position`."""
    contents = b"".join(box(name, content) for name, content in properties)
    associations = bytes(4) + b"\0\0\0\1\0\1" + bytes([len(properties), *range(1, len(properties) + 1)])
    location = bytes(4) + b"\x44\0" + b"\0\1" + b"\0\1\0\0\0\1" + struct.pack(">LL", position, length)
    tables = _FIXED_TABLES + box(b"iprp", box(b"ipco", contents) + box(b"ipma", associations)) + box(b"iloc", location)
    return _HEAD + box(b"meta", bytes(4) + tables) + struct.pack(">L4s", 8 + length, b"mdat")
