"""Read JPEG XL pictures with libjxl (ISO 18181)."""

import io
from dataclasses import replace
from typing import BinaryIO

import brotli
from PIL import Image
from pillow_jxl import Decoder

from uploads.media.exif import ExifData, read_exif
from uploads.media.header import ImageHeader, OpenedFile
from uploads.media.iso_boxes import list_boxes
from uploads.media.jpeg import read_jpeg
from uploads.media.limits import check_loaded_size
from uploads.media.normalize import turn

PIXEL_BYTES = 12
"""Measured memory per pixel, in bytes. Lossless pictures need 50 % more."""

_CODESTREAM = b"\xff\x0a"
_MAX_EXIF_BYTES = 2**20
"""Maximum size of the EXIF data, compressed or not."""
_EXIF, _COMPRESSED = b"Exif", b"brob"
_HEAD_BYTES = 64
"""Number of bytes to read from a codestream. Its size and orientation are within the first few."""
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))


def read_jxl(file: BinaryIO) -> ImageHeader:
    """Return the header of the first frame; see image_header.read_header.

    Decoding applies the codestream's orientation. An orientation in EXIF data must be ignored.
    """
    size = file.seek(0, 2)
    check_loaded_size(size)
    stream, exif = _find_parts(file, size)
    width, height, orientation = _read_size(stream)
    if orientation >= 5:
        width, height = height, width
    return ImageHeader(
        width,
        height,
        PIXEL_BYTES,
        lambda: OpenedFile((width, height), "JXL", "RGB", (file, orientation)),
        other_bytes=size,
        exif=replace(exif, orientation=1),
        load=_load,
    )


def _load(source: OpenedFile, longest: int) -> Image.Image:
    file, orientation = source.content
    file.seek(0)
    try:
        is_jpeg, info, pixels, profile, _boxes = Decoder(num_threads=0)(file.read())
    except RuntimeError as error:  # the decoder raises no other exception
        raise ValueError(str(error)) from error
    if is_jpeg:
        header = read_jpeg(io.BytesIO(pixels))
        return turn(header.load(header.open(), longest), orientation)
    mode = "F" if info.mode == "F;16" else info.mode  # half floats are returned as floats
    image = Image.frombytes(mode, (info.width, info.height), pixels)
    image.info["icc_profile"] = profile or None
    return image


def _find_parts(file: BinaryIO, size: int) -> tuple[bytes, ExifData]:
    """Return the start of the codestream, and the container's EXIF data, which is empty if there is none."""
    file.seek(0)
    stream = file.read(_HEAD_BYTES)
    if stream.startswith(_CODESTREAM):
        return stream, ExifData()
    stream, exif = b"", None
    for name, start, end in list_boxes(file, 0, size):
        file.seek(start)
        if name in (b"jxlc", b"jxlp") and len(stream) < _HEAD_BYTES:
            stream += file.read(min(_HEAD_BYTES, end - start))[4 if name == b"jxlp" else 0 :]
        elif name in (_EXIF, _COMPRESSED) and exif is None and end - start <= _MAX_EXIF_BYTES:
            exif = _read_exif_box(name, file.read(end - start))
    return stream, exif or ExifData()


def _read_exif_box(name: bytes, content: bytes) -> ExifData | None:
    """Return the EXIF data in a box, or None if a compressed box contains something else (ISO 18181-2)."""
    if name == _COMPRESSED:
        if not content.startswith(_EXIF):
            return None
        content = _decompress(content[len(_EXIF) :])
    # EXIF data starts with the offset of the TIFF header, but some programs omit it.
    is_bare = content[:2] in (b"II", b"MM")
    return read_exif(content if is_bare else content[4 + int.from_bytes(content[:4], "big") :])


def _decompress(data: bytes) -> bytes:
    """Return the decompressed data, or b"" if it is damaged, incomplete or larger than _MAX_EXIF_BYTES."""
    decompressor = brotli.Decompressor()
    try:
        content: bytes = decompressor.process(data, output_buffer_limit=_MAX_EXIF_BYTES)
    except brotli.error:
        return b""
    return content if decompressor.is_finished() else b""


class _Bits:
    """Reads numbers from a codestream, least significant bit first."""

    def __init__(self, data: bytes) -> None:
        self._bits = int.from_bytes(data, "little")

    def read(self, count: int) -> int:
        value = self._bits & (1 << count) - 1
        self._bits >>= count
        return value

    def read_size(self) -> int:
        return self.read((9, 13, 18, 30)[self.read(2)]) + 1


def _read_size(stream: bytes) -> tuple[int, int, int]:
    """Return a codestream's width, height and orientation (ISO 18181-1, annex D)."""
    if not stream.startswith(_CODESTREAM):
        raise ValueError("no codestream")
    bits = _Bits(stream[2:])
    is_small = bits.read(1)
    height = 8 * (bits.read(5) + 1) if is_small else bits.read_size()
    ratio = bits.read(3)
    if ratio:
        upper, lower = _RATIOS[ratio - 1]
        width = height * upper // lower
    else:
        width = 8 * (bits.read(5) + 1) if is_small else bits.read_size()
    has_defaults = bits.read(1)
    has_extra_fields = 0 if has_defaults else bits.read(1)
    orientation = bits.read(3) + 1 if has_extra_fields else 1
    return width, height, orientation
