"""Read BMP pictures.

Pictures with 16 or 32 bits per pixel are decoded here, because Pillow supports only some channel masks. Pictures with
run-length encoding are decoded in bmp_rle.py, and all others by Pillow.
"""

from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImagePalette

from uploads.media import bmp_rle
from uploads.media.bmp_header import FILE_HEADER_BYTES, BmpHeader, read_bmp_header
from uploads.media.header import ImageHeader, OpenedFile
from uploads.media.integrity import IncompleteError

PIXEL_BYTES = 4
_MASKED_PIXEL_BYTES = 12
_ARRAY_START = b"BA"  # an OS/2 file with several pictures; the file header of the first follows
_PALETTE_COLOURS = 256
_RAW_MODES = {1: "P;1", 2: "P;2", 4: "P;4", 8: "P", 24: "BGR"}


_RLE = "bmp_rle"
Image.register_decoder(_RLE, bmp_rle.RleDecoder)


class _BmpFile(ImageFile.ImageFile):
    """A BMP with a palette or 24 bits per pixel."""

    format = "BMP"

    def __init__(self, file: BinaryIO, header: BmpHeader) -> None:
        self._header = header
        super().__init__(file)

    def _open(self) -> None:
        header = self._header
        self._size = header.width, header.height
        self._mode = "RGB" if header.bits == 24 else "P"
        if self._mode == "P":
            # Pixels whose colour is missing from the palette are black, as in browsers.
            colours = header.palette.ljust(_PALETTE_COLOURS * header.colour_bytes, b"\0")
            self.palette = ImagePalette.raw("BGR" if header.colour_bytes == 3 else "BGRX", colours)
        order = 1 if header.top_down else -1
        codec, first = (_RLE, header.bits) if header.is_rle else ("raw", _RAW_MODES[header.bits])
        arguments = (first, header.row_bytes, order)
        self.tile = [ImageFile._Tile(codec, (0, 0, *self._size), header.data_start, arguments)]


def read_bmp(file: BinaryIO) -> ImageHeader:
    """Return the header of a BMP, or of the first one in a file with several; see image_header.read_header."""
    file.seek(0)
    head = file.read(2 * FILE_HEADER_BYTES)
    start = FILE_HEADER_BYTES if head.startswith(_ARRAY_START) else 0
    data_start = int.from_bytes(head[start + 10 : start + 14], "little")
    return read_bitmap(file, read_bmp_header(file, start + FILE_HEADER_BYTES, data_start))


def read_bitmap(file: BinaryIO, header: BmpHeader) -> ImageHeader:
    """Return the header of the picture that `header` describes; see image_header.read_header."""
    size = header.width, header.height
    if header.masks is not None:
        mode = "RGBA" if header.masks[3] else "RGB"
        opened = OpenedFile(size, "BMP", mode, (file, header))
        return ImageHeader(*size, _MASKED_PIXEL_BYTES, lambda: opened, load=_load)
    source = _BmpFile(file, header)
    return ImageHeader(*size, bmp_rle.PIXEL_BYTES if header.is_rle else PIXEL_BYTES, lambda: source)


def _load(source: OpenedFile, _longest: int) -> Image.Image:
    file, header = source.content
    file.seek(header.data_start)
    data = file.read(header.row_bytes * header.height)
    if len(data) < header.row_bytes * header.height:
        raise IncompleteError("truncated: rows are missing")
    rows = np.frombuffer(data, f"<u{header.bits // 8}").reshape(header.height, -1)[:, : header.width]
    channels = [_channel(rows, mask) for mask in header.masks[: len(source.mode)]]
    image = Image.merge(source.mode, [Image.fromarray(channel) for channel in channels])
    return image if header.top_down else image.transpose(Image.Transpose.FLIP_TOP_BOTTOM)


def _channel(rows: NDArray[Any], mask: int) -> NDArray[np.uint8]:
    """Return the channel that `mask` selects, scaled to 8 bits."""
    if not mask:
        return np.zeros(rows.shape, np.uint8)
    shift = (mask & -mask).bit_length() - 1
    most = mask >> shift
    values = rows & np.array(mask, rows.dtype)
    values >>= np.array(shift, rows.dtype)
    if most > 0xFF:
        narrow: NDArray[np.uint8] = (values >> np.array(most.bit_length() - 8, rows.dtype)).astype(np.uint8)
        return narrow
    table: NDArray[np.uint8] = np.round(np.arange(most + 1) * 255 / most).astype(np.uint8)
    channel: NDArray[np.uint8] = np.take(table, values)
    return channel
