"""Generate BMPs and Windows icons that Pillow cannot write."""

import struct

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.support.images import quartered

QUARTERS = quartered().resize((240, 160), Image.Resampling.NEAREST)
_PALETTE = ((0, 0, 255), (0, 255, 0), (255, 0, 0), (255, 255, 255))  # each in the order blue, green, red


def quarter_indices(width: int = 240, height: int = 160) -> NDArray[np.uint8]:
    """Return the pixels of QUARTERS, resized to `width` by `height`, as indices into a palette of four colours."""
    indices = np.arange(4, dtype=np.uint8).reshape(2, 2)
    return indices.repeat(height // 2, axis=0).repeat(width // 2, axis=1)


def bitmap(
    indices: NDArray[np.uint8],
    bits: int,
    *,
    header_bytes: int = 40,
    compression: int = 0,
    palette: tuple[tuple[int, int, int], ...] = _PALETTE,
    mask: bytes | None = None,
) -> tuple[bytes, bytes]:
    """Return two parts: the header with its palette, if any, and the pixels with the icon's `mask`, if any.

    Pixels of 24 or 32 bits get the colours of the palette; the fourth byte is 0.
    """
    height, width = indices.shape
    stated = height * (1 if mask is None else 2)
    if header_bytes == 12:
        head = struct.pack("<L4H", 12, width, stated, 1, bits)
    else:
        used = len(palette) if bits <= 8 else 0
        head = struct.pack("<LllHHLLllLL", header_bytes, width, stated, 1, bits, compression, 0, 0, 0, used, 0)
        head = head.ljust(header_bytes, b"\0")[:header_bytes]
    colours = np.zeros((len(palette), 3 if header_bytes == 12 else 4), np.uint8)
    colours[:, :3] = palette
    rows = indices[::-1]
    if bits <= 8:
        count = 1 << bits if header_bytes < 40 else len(palette)
        head += colours.tobytes().ljust(count * colours.shape[1], b"\0")
        pixels = np.packbits(((rows[:, :, None] >> np.arange(bits)[::-1]) & 1).reshape(height, -1), axis=1)
    else:
        pixels = colours[rows][:, :, : bits // 8].reshape(height, -1)
    return head, padded(pixels) + (mask or b"")


def padded(rows: NDArray[np.uint8]) -> bytes:
    """Return the bytes of `rows`, with each row padded to a multiple of 4 bytes."""
    return np.pad(rows, ((0, 0), (0, -rows.shape[1] % 4))).tobytes()


def bmp(head: bytes, pixels: bytes) -> bytes:
    """Return a BMP that consists of a file header, `head` and `pixels`."""
    return struct.pack("<2sLHHL", b"BM", 14 + len(head + pixels), 0, 0, 14 + len(head)) + head + pixels


def icon(*pictures: tuple[int, int, bytes], kind: int = 1) -> bytes:
    """Return an icon, or a cursor if `kind` is 2. Each of `pictures` is (side length, bits per pixel, data)."""
    directory, data = struct.pack("<3H", 0, kind, len(pictures)), b""
    for side, bits, content in pictures:
        start = 6 + 16 * len(pictures) + len(data)
        directory += struct.pack("<4B2H2L", side % 256, side % 256, 0, 0, 1, bits, len(content), start)
        data += content
    return directory + data
