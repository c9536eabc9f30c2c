"""Read Windows icons and cursors, which contain PNGs and bitmaps of several sizes."""

import struct
from dataclasses import replace
from typing import BinaryIO

from PIL import Image

from uploads.media.bmp import read_bitmap
from uploads.media.bmp_header import read_bmp_header
from uploads.media.file_parts import open_parts
from uploads.media.header import ImageHeader, OpenedFile
from uploads.media.image_header import read_png

PIXEL_BYTES = 20
"""Memory per pixel of a bitmap, in bytes: up to 12 to decode it, and 8 for copies with the mask as transparency."""

_DIRECTORY_BYTES = 6
_ENTRY = struct.Struct("<4B2H2L")
_ICON = 1
_PNG_START = b"\x89PNG\r\n\x1a\n"
_ALPHA_MASK = 0xFF000000


def read_icon(file: BinaryIO) -> ImageHeader:
    """Return the header of the largest picture in the file; see image_header.read_header."""
    start = _find_largest(file)
    file.seek(start)
    if file.read(len(_PNG_START)) == _PNG_START:
        return read_png(open_parts(file, [(start, file.seek(0, 2))]))
    header = read_bmp_header(file, start)
    header = replace(header, height=header.height // 2)  # the height in the header includes the mask
    if header.bits == 32 and header.masks is not None:
        header = replace(header, masks=(*header.masks[:3], _ALPHA_MASK))
    bitmap = read_bitmap(file, header)
    size, mask_start = (header.width, header.height), header.data_start + header.row_bytes * header.height
    content = (file, mask_start, bitmap)
    return replace(bitmap, pixel_bytes=PIXEL_BYTES, open=lambda: OpenedFile(size, "ICO", "RGBA", content), load=_load)


def _find_largest(file: BinaryIO) -> int:
    """Return the start of the largest picture; if several are equally large, the one with the most bits per pixel."""
    file.seek(0)
    _reserved, kind, count = struct.unpack("<3H", file.read(_DIRECTORY_BYTES))
    entries = [_ENTRY.unpack(file.read(_ENTRY.size)) for _ in range(count)]

    def rank(entry: tuple[int, ...]) -> tuple[int, int]:
        width, height, colours, _reserved, _planes, bits, *_ = entry
        # Old icons state the number of colours instead of the bits per pixel. For sizes and colours, 0 means 256.
        is_known = kind == _ICON and bits  # in a cursor, this field is a position
        return (width or 256) * (height or 256), bits if is_known else ((colours - 1) % 256).bit_length()

    start: int = max(entries, key=rank)[-1]
    return start


def _load(source: OpenedFile, longest: int) -> Image.Image:
    """Decode the bitmap. The transparency comes from its alpha channel or, if that is empty, from the mask."""
    file, mask_start, bitmap = source.content
    image: Image.Image = bitmap.load(bitmap.open(), longest)
    if image.mode == "RGBA" and image.getchannel("A").getbbox():
        return image
    row_bytes = -(-image.width // 32) * 4
    file.seek(mask_start)
    mask = file.read(row_bytes * image.height).ljust(row_bytes * image.height, b"\0")  # some icons have no mask
    image = image.convert("RGB")
    image.putalpha(Image.frombytes("1", image.size, mask, "raw", "1;I", row_bytes, -1).convert("L"))
    return image
