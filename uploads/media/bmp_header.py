"""Parse the headers of Windows BMPs (versions 3 to 5) and OS/2 BMPs (versions 1 and 2).

Pillow's parser rejects short OS/2 headers, 2 bits per pixel and long palettes, and misreads some grey palettes.
"""

import struct
from dataclasses import dataclass
from typing import BinaryIO

from uploads.media.formats import unsupported

FILE_HEADER_BYTES = 14
_CORE_BYTES, _INFO_BYTES, _V2_BYTES, _MASK_BYTES = 12, 40, 52, 16
_MAX_COLOURS = 256
_WINDOWS_BYTES = frozenset({_INFO_BYTES, _V2_BYTES, 56, 108, 124})
_OS2_BYTES = frozenset({*range(16, 68, 4), 42, 46}) - _WINDOWS_BYTES  # the last fields may be omitted
INFO_BYTES = frozenset({_CORE_BYTES}) | _WINDOWS_BYTES | _OS2_BYTES
"""The valid sizes of the second header, which follows the file header."""

_RAW, _RLE_8, _RLE_4, _MASKS, _ALPHA_MASKS = 0, 1, 2, 3, 6
_COMPRESSIONS = {
    _RAW: frozenset({1, 2, 4, 8, 16, 24, 32}),
    _RLE_8: frozenset({8}),
    _RLE_4: frozenset({4}),
    _MASKS: frozenset({16, 32}),
    _ALPHA_MASKS: frozenset({16, 32}),
}
_WINDOWS_NAMES = {4: "JPEG compression", 5: "PNG compression"}
_OS2_NAMES = {_MASKS: "Huffman compression", 4: "24-bit run-length encoding"}
_DEFAULT_MASKS = {16: (0x7C00, 0x3E0, 0x1F, 0), 32: (0xFF0000, 0xFF00, 0xFF, 0)}


@dataclass(frozen=True, slots=True)
class BmpHeader:
    """The header of a BMP. `data_start` is the position of the pixels.

    Pixels of up to 8 bits are indexes into `palette`, whose colours take `colour_bytes` each. In pixels of 16 or 32
    bits, `masks` select the bits of red, green, blue and alpha. Pixels of 24 bits need neither.
    """

    width: int
    height: int
    top_down: bool
    bits: int
    is_rle: bool
    data_start: int
    palette: bytes
    colour_bytes: int
    masks: tuple[int, int, int, int] | None

    @property
    def row_bytes(self) -> int:
        return -(-self.width * self.bits // 32) * 4


def read_bmp_header(file: BinaryIO, start: int, data_start: int = 0) -> BmpHeader:
    """Return the header at `start`. If `data_start` is 0, the pixels follow the header and its palette.

    Moves the position of `file`. Raises PermanentError `file.unsupported`, and ValueError if the header is damaged.
    """
    file.seek(start)
    head = file.read(_INFO_BYTES + _MASK_BYTES).ljust(_INFO_BYTES + _MASK_BYTES, b"\0")
    size = int.from_bytes(head[:4], "little")
    width, height, bits, compression, used = _fields(head, size)
    _check_supported(size, bits, compression)
    colour_bytes = 3 if size == _CORE_BYTES else 4
    palette_start = start + size
    palette_end = palette_start + colour_bytes * min(used or _MAX_COLOURS, 1 << bits) if bits <= 8 else palette_start
    if data_start <= palette_start:  # some programs write the position of the palette instead
        data_start = palette_end
    file.seek(palette_start)
    palette = file.read(min(palette_end, data_start) - palette_start)
    return BmpHeader(
        width,
        abs(height),
        height < 0,
        bits,
        compression in (_RLE_8, _RLE_4),
        data_start,
        palette,
        colour_bytes,
        _masks(head, size, bits, compression),
    )


def _fields(head: bytes, size: int) -> tuple[int, int, int, int, int]:
    """Return width, height (negative if rows run from top to bottom), bits per pixel, compression and used colours."""
    if size == _CORE_BYTES:
        width, height, _planes, bits = struct.unpack_from("<4H", head, 4)
        compression = used = 0
    else:
        known = head[: min(size, _INFO_BYTES)].ljust(_INFO_BYTES, b"\0")
        width, height, _planes, bits, compression, used = struct.unpack_from("<llHHL12xL", known, 4)
    if size not in INFO_BYTES or width <= 0 or not height:
        raise ValueError(f"a BMP header of {size} bytes for {width} by {height} pixels")
    return width, height, bits, compression, used


def _check_supported(size: int, bits: int, compression: int) -> None:
    is_os2 = size in _OS2_BYTES
    name = (_OS2_NAMES if is_os2 else _WINDOWS_NAMES).get(compression)
    if name is None and compression not in _COMPRESSIONS:
        name = f"unknown compression {compression}"
    if name is None and bits not in _COMPRESSIONS[compression]:
        name = f"{bits} bits per pixel" + (f" and compression {compression}" if compression else "")
    if name is not None:
        raise unsupported(f"{'OS/2 ' if is_os2 else ''}BMP pictures with {name}")


def _masks(head: bytes, size: int, bits: int, compression: int) -> tuple[int, int, int, int] | None:
    if compression not in (_MASKS, _ALPHA_MASKS):
        return _DEFAULT_MASKS.get(bits)
    red, green, blue, alpha = struct.unpack_from("<4L", head, _INFO_BYTES)
    return red, green, blue, alpha if compression == _ALPHA_MASKS or size > _V2_BYTES else 0
