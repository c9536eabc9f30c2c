"""Read selected tags of a TIFF structure, such as EXIF data (TIFF 6.0, section 2), in bounded time and memory.

Real files violate the format: offsets point nowhere, and a small file can refer to the same bytes thousands of times.
Only wanted tags are read, up to a maximum size, and invalid tags are skipped.
"""

import math
import struct
from collections.abc import Iterator
from io import SEEK_END
from typing import BinaryIO, Protocol

MAX_ENTRIES = 1000
"""Maximum number of entries to read from a directory. Cameras write fewer than 100."""
MAX_TEXT_BYTES = 4096
MAX_NUMBERS = 16

Value = bytes | int | float | tuple[int | float, ...]

# The last four occur in raw photos from Olympus and Panasonic cameras.
_BYTE_ORDERS = {b"II*\0": "<", b"MM\0*": ">", b"IIRO": "<", b"IIRS": "<", b"MMOR": ">", b"IIU\0": "<"}
_ENTRY_BYTES = 12
# The format codes of the `struct` module for TIFF types. Types that consist of single bytes are read as bytes.
_TEXT_TYPES = {1: "s", 2: "s", 6: "s", 7: "s"}
_NUMBER_TYPES = {3: "H", 4: "L", 8: "h", 9: "l", 11: "f", 12: "d", 13: "L"}
_RATIONAL_TYPES = {5: "LL", 10: "ll"}
_TYPES = _TEXT_TYPES | _NUMBER_TYPES | _RATIONAL_TYPES


class ByteSource(Protocol):
    """Bytes that can be sliced: `bytes` or FileBytes."""

    def __len__(self) -> int: ...
    def __getitem__(self, part: slice, /) -> bytes: ...


class FileBytes:
    """The content of a file. Only the requested slices are read. Moves the position of `file`."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = file.seek(0, SEEK_END)

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, part: slice) -> bytes:
        start, stop, _step = part.indices(self._size)
        self._file.seek(start)
        return self._file.read(max(0, stop - start))


class TiffTags:
    """The tags of a TIFF structure. No method raises an error, whatever `data` contains."""

    def __init__(self, data: ByteSource) -> None:
        self._data = data
        self._order = _BYTE_ORDERS.get(data[:4], "")

    def first_directory(self, wanted: frozenset[int]) -> dict[int, Value]:
        """Return the wanted tags of the first directory."""
        pointer = self._numbers("L", 4, 1)
        return self.directory(pointer[0] if pointer else None, wanted)

    def directory(self, offset: object, wanted: frozenset[int]) -> dict[int, Value]:
        """Return the wanted tags of the directory at `offset`, or an empty dict if there is no directory.

        A fraction becomes a float, which is NaN if its denominator is zero. A single number is returned as such, not as
        a tuple.
        """
        if not self._order or not isinstance(offset, int) or not 0 < offset < len(self._data):
            return {}
        tags: dict[int, Value] = {}
        for position in self._entries(offset):
            tag, kind, count = struct.unpack(f"{self._order}HHL", self._data[position : position + 8])
            if tag in wanted and kind in _TYPES and count:
                value = self._value(kind, count, position + 8)
                if value is not None:
                    tags[tag] = value
        return tags

    def first_directory_bytes(self) -> int:
        """Return the size of all values of the first directory; 2**32 if it has more than MAX_ENTRIES."""
        if not self._order:
            return 0
        pointer = self._numbers("L", 4, 1)
        count = self._numbers("H", int(pointer[0]), 1) if pointer else ()
        if not count:
            return 0
        if count[0] > MAX_ENTRIES:
            return 2**32
        entries = (
            struct.unpack(f"{self._order}HL", self._data[at + 2 : at + 8]) for at in self._entries(int(pointer[0]))
        )
        return sum(struct.calcsize(f"<{_TYPES[kind]}") * count for kind, count in entries if kind in _TYPES)

    def _entries(self, offset: int) -> Iterator[int]:
        count = self._numbers("H", offset, 1)
        if count:
            complete = (len(self._data) - offset - 2) // _ENTRY_BYTES
            for number in range(min(int(count[0]), MAX_ENTRIES, complete)):
                yield offset + 2 + number * _ENTRY_BYTES

    def _value(self, kind: int, count: int, position: int) -> Value | None:
        size = struct.calcsize(f"<{_TYPES[kind]}") * count
        if size > 4:
            pointer = self._numbers("L", position, 1)
            position = int(pointer[0]) if pointer else len(self._data)
        if kind in _TEXT_TYPES:
            return self._data[position : position + min(count, MAX_TEXT_BYTES)]
        if count > MAX_NUMBERS:
            return None
        numbers = self._numbers(_TYPES[kind], position, count)
        if kind in _RATIONAL_TYPES:
            pairs = zip(numbers[::2], numbers[1::2], strict=True)
            numbers = tuple(upper / lower if lower else math.nan for upper, lower in pairs)
        return numbers[0] if len(numbers) == 1 else numbers or None

    def _numbers(self, code: str, offset: int, count: int) -> tuple[int | float, ...]:
        layout = self._order + code * count
        try:
            return struct.unpack(layout, self._data[offset : offset + struct.calcsize(layout)])
        except struct.error:
            return ()
