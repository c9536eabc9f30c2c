"""Decode BMPs with run-length encoding (RLE4 and RLE8). Pillow's decoder misreads odd-length runs of 4-bit pixels."""

from collections.abc import Iterator
from typing import BinaryIO, cast

from PIL import ImageFile

from uploads.media.integrity import IncompleteError

PIXEL_BYTES = 5
"""Memory per pixel, in bytes: up to two for the file's data, and one each for two copies and the picture."""

_END_OF_LINE, _END_OF_PICTURE, _DELTA = range(3)


class RleDecoder(ImageFile.PyDecoder):
    """Replaces Pillow's decoder `bmp_rle`."""

    _pulls_fd = True

    def decode(self, _buffer: object) -> tuple[int, int]:
        """Decode the whole picture. Raises IncompleteError."""
        width, height = self.state.xsize, self.state.ysize
        bits, _row_bytes, order = self.args
        data = cast(BinaryIO, self.fd).read(2 * (width + 2) * (height + 1))
        self.set_as_raw(unpack_runs(data, width, height, bits), "P", (0, order))
        return -1, 0


def unpack_runs(data: bytes, width: int, height: int, bits: int) -> bytes:
    """Return one byte per pixel, row by row as in the file. Pixels without data are 0.

    Raises IncompleteError if the data ends before the last row does.
    """
    pixels = bytearray(width * height)
    for x, y, run in _runs(data, width, height, bits):
        start, visible = y * width + x, run[: max(0, width - x)]
        pixels[start : start + len(visible)] = visible
    return bytes(pixels)


def _runs(data: bytes, width: int, height: int, bits: int) -> Iterator[tuple[int, int, bytes]]:
    """Yield the column, the row and the pixels of each run."""
    position = x = y = 0
    while y < height:
        if position + 2 > len(data):
            if y == height - 1 and x >= width:
                return
            raise IncompleteError("truncated: rows are missing")
        count, value = data[position : position + 2]
        position += 2
        if not count and value == _END_OF_PICTURE:
            return
        if not count and value <= _DELTA:
            right, down = data[position : position + 2].ljust(2, b"\0") if value == _DELTA else (-x, 1)
            x, y, position = x + right, y + down, position + value
            continue
        size = -(-value * bits // 8)
        packed = bytes([value]) * count if count else data[position : position + size]
        position += 0 if count else size + size % 2
        run = _pixels(packed, bits)[: count or value]
        yield x, y, run
        x += len(run)


def _pixels(packed: bytes, bits: int) -> bytes:
    return packed if bits == 8 else bytes(pixel for byte in packed for pixel in (byte >> 4, byte & 0xF))
