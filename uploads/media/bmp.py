"""Read BMP pictures.

Pictures with 16 or 32 bits per pixel are decoded here, because Pillow supports only some channel masks, and those with
run-length encoding in bmp_rle.py. Pillow decodes all others.
"""

import struct
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile

from uploads.media import bmp_rle
from uploads.media.file_parts import open_parts
from uploads.media.formats import unsupported
from uploads.media.header import ImageHeader, OpenedFile
from uploads.media.integrity import IncompleteError

PIXEL_BYTES = 4
_MASKED_PIXEL_BYTES = 12

_MASKS_COMPRESSIONS = frozenset({3, 6})
_FILE_HEADER_BYTES, _INFO_BYTES = 14, 40
# Some programs write larger palettes, which Pillow rejects.
_MAX_COLOURS = 256
_DEFAULT_MASKS = {16: (0x7C00, 0x3E0, 0x1F, 0), 32: (0xFF0000, 0xFF00, 0xFF, 0)}


_RLE = "bmp_rle"
Image.register_decoder(_RLE, bmp_rle.RleDecoder)


@dataclass(frozen=True, slots=True)
class _Masked:
    """A BMP with 16 or 32 bits per pixel. `masks` select the bits of red, green, blue and alpha."""

    width: int
    height: int
    bits: int
    top_down: bool
    data_start: int
    masks: tuple[int, int, int, int]


def read_bmp(file: BinaryIO) -> ImageHeader:
    """Return the header of a BMP; see image_header.read_header."""
    masked = _read_masked(file)
    if masked is not None:
        size = (masked.width, masked.height)
        mode = "RGBA" if masked.masks[3] else "RGB"
        return ImageHeader(
            *size, _MASKED_PIXEL_BYTES, lambda: OpenedFile(size, "BMP", mode, (file, masked)), load=_load
        )
    try:
        source = BmpImageFile(open_parts(file, [(0, file.seek(0, 2))]))
    except OSError as error:
        if str(error).startswith("Unsupported BMP"):
            raise unsupported("BMP pictures with this pixel format") from error
        raise
    if source.palette is not None:
        source.palette.palette = source.palette.palette[: _MAX_COLOURS * len(source.palette.rawmode or "")]
    is_rle = any(tile.codec_name == _RLE for tile in source.tile)
    return ImageHeader(*source.size, bmp_rle.PIXEL_BYTES if is_rle else PIXEL_BYTES, lambda: source)


def _read_masked(file: BinaryIO) -> _Masked | None:
    """Return what is needed to decode a picture with 16 or 32 bits per pixel, or None for other pictures."""
    file.seek(0)
    head = file.read(_FILE_HEADER_BYTES + _INFO_BYTES + 16)
    if len(head) < _FILE_HEADER_BYTES + _INFO_BYTES + 16:
        return None
    data_start, header_bytes, width, height, _planes, bits, compression = struct.unpack_from("<LLllHHL", head, 10)
    has_masks = compression in _MASKS_COMPRESSIONS
    if header_bytes < _INFO_BYTES or bits not in _DEFAULT_MASKS or not (has_masks or compression == 0) or width <= 0:
        return None
    masks = _DEFAULT_MASKS[bits]
    if has_masks:
        has_alpha = compression == 6 or header_bytes > 52
        red, green, blue, alpha = struct.unpack_from("<4L", head, _FILE_HEADER_BYTES + _INFO_BYTES)
        masks = (red, green, blue, alpha if has_alpha else 0)
    return _Masked(width, abs(height), bits, height < 0, data_start, masks)


def _load(source: OpenedFile, _longest: int) -> Image.Image:
    file, found = source.content
    row_bytes = -(-found.width * found.bits // 32) * 4
    file.seek(found.data_start)
    data = file.read(row_bytes * found.height)
    if len(data) < row_bytes * found.height:
        raise IncompleteError("truncated: rows are missing")
    rows = np.frombuffer(data, f"<u{found.bits // 8}").reshape(found.height, -1)[:, : found.width]
    channels = [_channel(rows, mask) for mask in found.masks[: len(source.mode)]]
    image = Image.merge(source.mode, [Image.fromarray(channel) for channel in channels])
    return image if found.top_down else image.transpose(Image.Transpose.FLIP_TOP_BOTTOM)


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
