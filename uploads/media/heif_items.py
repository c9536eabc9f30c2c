"""Read the tables of a HEIF file: its items, what they refer to, their properties and where their data is.

ISO 14496-12, 8.11, and ISO 23008-12, 9.3.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import BinaryIO

from uploads.media.iso_boxes import Range, find_box, list_boxes

Property = tuple[bytes, bytes]
"""The name of a property, and its content."""

# libheif's limits on items and on the parts of one item. A table of 1000 items has a few tens of kilobytes.
_MAX_ITEMS = 1000
_MAX_PARTS = 32
_MAX_TABLE_BYTES = 2**20
_IN_FILE, _IN_METADATA = 0, 1
"""Where an item's data is (`construction_method`)."""


class Fields:
    """Read consecutive big-endian integers of `data`. Raises ValueError at its end."""

    def __init__(self, data: bytes) -> None:
        self._data, self._position = data, 0

    def integer(self, size: int) -> int:
        start, self._position = self._position, self._position + size
        if self._position > len(self._data):
            raise ValueError("truncated box")
        return int.from_bytes(self._data[start : self._position], "big")

    def version_and_flags(self) -> tuple[int, int]:
        return self.integer(1), self.integer(3)


@dataclass(slots=True)
class Item:
    """An item. `inputs` are the numbers of the items that it is made of, `parts` the ranges of its data in the file."""

    kind: bytes
    properties: list[Property] = field(default_factory=list)
    parts: list[Range] = field(default_factory=list)
    inputs: list[int] = field(default_factory=list)


def read_items(data: bytes) -> tuple[int, dict[int, Item]]:
    """Return the number of the primary item of a HEIF file, and all items by their numbers.

    Raises ValueError if a table is missing, damaged or too large.
    """
    file = BytesIO(data)
    metadata = find_box(file, (b"meta",), 0, file.seek(0, 2))
    boxes: dict[bytes, Range] = {}
    for name, start, end in list_boxes(file, metadata[0] + 4, metadata[1]) if metadata else ():
        boxes.setdefault(name, (start, end))
    if not boxes.keys() >= {b"pitm", b"iinf", b"iprp", b"iloc"}:
        raise ValueError("a table of items is missing")
    items = dict(_read_kinds(file, boxes[b"iinf"]))
    _read_inputs(file, boxes.get(b"iref"), items)
    _read_properties(file, boxes[b"iprp"], items)
    _read_parts(_content(file, boxes[b"iloc"]), boxes.get(b"idat", (0, 0)), items)
    fields = Fields(_content(file, boxes[b"pitm"]))
    version, _flags = fields.version_and_flags()
    return fields.integer(4 if version else 2), items


def _content(file: BinaryIO, content: Range) -> bytes:
    start, end = content
    if end - start > _MAX_TABLE_BYTES:
        raise ValueError("too large a table of items")
    file.seek(start)
    return file.read(end - start)


def _read_kinds(file: BinaryIO, content: Range) -> Iterator[tuple[int, Item]]:
    start, end = content
    count_bytes = 4 if _content(file, (start, start + 1)) > b"\0" else 2
    seen: set[int] = set()
    for index, (_name, first, last) in enumerate(list_boxes(file, start + 4 + count_bytes, end)):
        if index >= _MAX_ITEMS:
            raise ValueError("too many items")
        fields = Fields(_content(file, (first, min(last, first + 16))))
        number = fields.integer(2 if fields.version_and_flags()[0] < 3 else 4)
        fields.integer(2)  # protection
        if number in seen:
            raise ValueError("an item is listed twice")
        seen.add(number)
        yield number, Item(fields.integer(4).to_bytes(4, "big"))


def _read_inputs(file: BinaryIO, content: Range | None, items: dict[int, Item]) -> None:
    """Read the references from derived pictures to the pictures that they are made of."""
    if content is None:
        return
    start, end = content
    number_bytes = 4 if _content(file, (start, start + 1)) > b"\0" else 2
    for name, first, last in list_boxes(file, start + 4, end):
        if name == b"dimg":
            fields = Fields(_content(file, (first, last)))
            number, count = fields.integer(number_bytes), fields.integer(2)
            if number in items:
                if items[number].inputs:
                    raise ValueError("an item has two lists of inputs")
                items[number].inputs = [fields.integer(number_bytes) for _ in range(count)]


def _read_properties(file: BinaryIO, content: Range, items: dict[int, Item]) -> None:
    boxes = list(list_boxes(file, *content))
    properties: list[Property] = []
    for name, start, end in boxes:
        if name == b"ipco":
            _content(file, (start, end))  # checks the size
            properties += [(kind, _content(file, (first, last))) for kind, first, last in list_boxes(file, start, end)]
    for name, start, end in boxes:
        if name == b"ipma":
            _read_associations(Fields(_content(file, (start, end))), properties, items)


def _read_associations(fields: Fields, properties: list[Property], items: dict[int, Item]) -> None:
    version, flags = fields.version_and_flags()
    for _ in range(fields.integer(4)):
        number = fields.integer(4 if version else 2)
        for _ in range(fields.integer(1)):
            index = fields.integer(2) & 0x7FFF if flags & 1 else fields.integer(1) & 0x7F
            if index > len(properties):
                raise ValueError("a property is missing")
            if number in items and index:
                items[number].properties.append(properties[index - 1])


def _read_parts(content: bytes, metadata: Range, items: dict[int, Item]) -> None:
    """Read where the items' data is. Items in other files or items get no parts."""
    fields = Fields(content)
    (version, _flags), sizes = fields.version_and_flags(), fields.integer(2)
    offset_bytes, length_bytes, base_bytes, index_bytes = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    for _ in range(fields.integer(2 if version < 2 else 4)):
        number = fields.integer(2 if version < 2 else 4)
        method = fields.integer(2) & 15 if version else _IN_FILE
        is_here = fields.integer(2) == 0 and method in (_IN_FILE, _IN_METADATA)
        base = fields.integer(base_bytes) + (metadata[0] if method == _IN_METADATA else 0)
        parts: list[Range] = []
        for _ in range(fields.integer(2)):
            if len(parts) == _MAX_PARTS:
                raise ValueError("an item has too many parts")
            fields.integer(index_bytes if version else 0)
            start = base + fields.integer(offset_bytes)
            parts.append((start, start + fields.integer(length_bytes)))
        if number in items and is_here:
            if items[number].parts:
                raise ValueError("an item has two places")
            items[number].parts = parts
