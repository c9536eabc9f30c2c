"""Generate small files that cost a naive decoder minutes of time or gigabytes of memory, or match two formats."""

import io
import struct
import zlib
from collections.abc import Callable

import pillow_heif
from PIL import Image

from tests.support.bitmaps import icon
from tests.support.heif_files import repeated, ten_bits
from tests.support.images import encoded, png_chunk, textured
from tests.support.raw_files import dng

SMALL = textured(64, 48)
SQUARE = textured(64, 64)


def tiff(entries: list[tuple[int, int, int, bytes]], *, following: int = 0, body: bytes = b"") -> bytes:
    """Return a TIFF with one directory.

    Each of `entries` is (tag, type, count, 4 bytes). `following` is the offset of the next directory (0: none).
    """
    directory = b"".join(struct.pack("<HHL", tag, kind, count) + value for tag, kind, count, value in sorted(entries))
    head = b"II*\0" + struct.pack("<LH", 8, len(entries) & 0xFFFF)
    return head + directory + struct.pack("<L", following) + body


def tiff_page(width: int, height: int, **changes: int) -> list[tuple[int, int, int, bytes]]:
    """Return directory entries for a grey picture of this size in one uncompressed strip of 64 bytes.

    A keyword such as `tag258` adds that tag, or replaces its value.
    """
    values = {256: width, 257: height, 258: 8, 259: 1, 262: 1, 273: 200, 277: 1, 278: height, 279: 64}
    values |= {int(tag.removeprefix("tag")): value for tag, value in changes.items()}
    return [(tag, 4, 1, struct.pack("<L", value)) for tag, value in values.items()]


def deflated_tiff(width: int, height: int) -> bytes:
    """Return a complete, black RGB TIFF of these dimensions, compressed by a factor of 1,000."""
    strip = zlib.compress(bytes(width * height * 3), 9)
    page = tiff_page(width, height, tag258=8, tag259=8, tag262=2, tag277=3, tag279=len(strip))
    return tiff(page, body=b"").ljust(200, b"\0") + strip


def many_directories(count: int) -> bytes:
    """Return a TIFF whose first directory is followed by `count` directories of one entry each."""
    one = struct.pack("<H", 1) + struct.pack("<HHLL", 254, 4, 1, 0)
    first = tiff(tiff_page(8, 8), following=300).ljust(300, b"\0")
    chain = [one + struct.pack("<L", 300 + (number + 1) * 18) for number in range(count)]
    return first + b"".join(chain)[:-4] + bytes(4)


def heif(kind: str = "HEIF", **options: object) -> bytes:
    """Return a small HEIC."""
    buffer = io.BytesIO()
    pillow_heif.from_pillow(SMALL).save(buffer, format=kind, **options)
    return buffer.getvalue()


def resized_heif(data: bytes, width: int, height: int) -> bytes:
    """Return a HEIF or AVIF whose pictures all claim this size."""
    changed, position = bytearray(data), 0
    while (position := changed.find(b"ispe", position) + 1) > 0:
        changed[position + 7 : position + 15] = struct.pack(">LL", width, height)
    return bytes(changed)


def large_heif_grid() -> bytes:
    """Return a HEIC like those of cameras with 61 megapixels, with 10 bits per channel."""
    tile = ten_bits(Image.new("RGB", (3168, 2112), "teal"), chroma=422)
    return repeated(tile, 3, 3, (9504, 6336))


def understated_heif_grid() -> bytes:
    """Return a HEIC with four tiles of 30 megapixels that claim to have 64 by 64 pixels."""
    buffer = io.BytesIO()
    large = pillow_heif.from_pillow(Image.new("RGB", (6000, 5000), "teal"))
    large.save(buffer, enc_params={"preset": "ultrafast"})
    return repeated(resized_heif(buffer.getvalue(), 64, 64), 2, 2, (120, 120))


def bmp(width: int, height: int, *, compression: int = 0, body: bytes = b"") -> bytes:
    """Return an 8-bit BMP that claims this size."""
    palette = bytes(1024)
    head = struct.pack("<LllHHLLllLL", 40, width, height, 1, 8, compression, len(body), 0, 0, 256, 0)
    return b"BM" + struct.pack("<LHHL", 54 + 1024 + len(body), 0, 0, 54 + 1024) + head + palette + body


def jpeg_xl(width: int, height: int) -> bytes:
    """Return the start of a JPEG XL that claims this size."""
    bits, at = 0, 0
    for value, count in ((0, 1), (3, 2), (height - 1, 30), (0, 3), (3, 2), (width - 1, 30), (1, 1)):
        bits |= value << at
        at += count
    return b"\xff\x0a" + bits.to_bytes(-(-at // 8), "little") + bytes(200)


def large_dng(width: int, height: int) -> bytes:
    """Return a DNG that claims this size."""
    data = bytearray(dng(SMALL))
    for tag, value in ((256, width), (257, height), (278, height)):
        position = data.index(struct.pack("<HHL", tag, 4, 1))
        data[position + 8 : position + 12] = struct.pack("<L", value)
    return bytes(data)


def looping_dng() -> bytes:
    """Return a DNG whose directory is its own subdirectory and its own successor."""
    data = bytearray(dng(SMALL, preview=SMALL))
    first = data[4:8]
    position = data.index(struct.pack("<HHL", 330, 4, 1))
    data[position + 8 : position + 12] = first
    return bytes(data[:-4] + first)


JPEG, PNG, GIF = (encoded(SMALL, kind) for kind in ("JPEG", "PNG", "GIF"))
HTML = b"<!DOCTYPE html><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
ZIP = b"PK\x03\x04" + bytes(200)
SCRIPT = png_chunk(b"tEXt", b"Comment\0" + HTML)

READ = "completed"
DAMAGED = "image.corrupt|image.truncated|file.unsupported"

CASES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "nothing": ("file.empty", lambda: b""),
    "one byte": ("file.unsupported", lambda: b"\xff"),
    "zeros": ("file.unsupported", lambda: bytes(100_000)),
    "HTML named JPEG": ("file.unsupported", lambda: HTML),
    "SVG named JPEG": ("file.unsupported", lambda: SVG),
    "JPEG with a ZIP behind it": (READ, lambda: JPEG + ZIP),
    "JPEG with HTML behind it": (READ, lambda: JPEG + HTML),
    "PNG with HTML in a text": (READ, lambda: PNG[:33] + SCRIPT + PNG[33:]),
    "GIF with a script behind it": (READ, lambda: GIF + HTML),
    "TIFF that claims 3,600 megapixels": ("image.bomb", lambda: tiff(tiff_page(60_000, 60_000))),
    "TIFF with a size of 4 gigapixels in one row": ("image.bomb", lambda: tiff(tiff_page(2**32 - 1, 1))),
    "TIFF of 96 megapixels": ("image.bomb", lambda: deflated_tiff(12_000, 8000)),
    "TIFF of 30 megapixels": (READ, lambda: deflated_tiff(6000, 5000)),
    "TIFF without data": (DAMAGED, lambda: tiff(tiff_page(2000, 2000))),
    "TIFF whose directory follows itself": (
        READ, lambda: tiff(tiff_page(8, 8), following=8).ljust(264, b"\0")
    ),
    "TIFF with 20,000 directories": (READ, lambda: many_directories(20_000)),
    "TIFF with 60,000 entries": (
        "image.complex", lambda: tiff(tiff_page(8, 8) + [(700, 7, 60_000, bytes(4))] * 60_000)
    ),
    "TIFF whose entries share 32 MiB": (
        "image.complex",
        lambda: tiff(tiff_page(8, 8) + [(700, 7, 65_000, bytes(4))] * 900, body=bytes(65_000)),
    ),
    "TIFF with strips of 4 GiB": (DAMAGED, lambda: tiff(tiff_page(8, 8, tag279=2**32 - 1))),
    "HEIC that claims 3,600 megapixels": ("image.bomb", lambda: resized_heif(heif(), 60_000, 60_000)),
    "HEIC that claims 50 megapixels": (DAMAGED, lambda: resized_heif(heif(), 10_000, 5000)),
    "HEIC grid that claims 50 megapixels": (
        DAMAGED, lambda: resized_heif(heif(tile_size=64), 10_000, 5000)
    ),
    "HEIC grid of 61 megapixels with 10 bits": (READ, large_heif_grid),
    "HEIC of 30 megapixels with 10 bits in one piece": (
        "image.bomb", lambda: resized_heif(ten_bits(SQUARE, chroma=422), 6000, 5000)
    ),
    "HEIC grid of 60,000 tiles": (f"image.bomb|{DAMAGED}", lambda: repeated(heif(), 250, 240, (15_360, 12_000))),
    "HEIC grid whose tiles are larger than they claim": (f"image.bomb|{DAMAGED}", understated_heif_grid),
    "HEIC without its data": (DAMAGED, lambda: heif()[:-400]),
    "HEIC without a picture": ("file.unsupported", lambda: heif()[:24] + bytes(300)),
    "HEIC with endless boxes": (DAMAGED, lambda: heif()[:24] + b"\0\0\0\x08free" * 200_000),
    "AVIF that claims 3,600 megapixels": (
        f"image.bomb|{DAMAGED}", lambda: resized_heif(encoded(SMALL, "AVIF"), 60_000, 60_000)
    ),
    "AVIF that claims 20 megapixels": (
        f"{READ}|{DAMAGED}", lambda: resized_heif(encoded(SMALL, "AVIF"), 5000, 4000)
    ),
    "AVIF without its data": (DAMAGED, lambda: encoded(SMALL, "AVIF")[:-300]),
    "BMP that claims 900 megapixels": ("image.bomb", lambda: bmp(30_000, 30_000)),
    "BMP without data": (DAMAGED, lambda: bmp(3000, 3000)),
    "BMP that claims a size of 0": (DAMAGED, lambda: bmp(0, 5)),
    "BMP of runs": (f"{READ}|{DAMAGED}", lambda: bmp(3000, 3000, compression=1, body=b"\xff\x01" * 40_000)),
    "icon whose bitmap claims 900 megapixels": ("image.bomb", lambda: icon((48, 8, bmp(30_000, 60_000)[14:]))),
    "icon of 65,535 pictures without data": (DAMAGED, lambda: icon(*[(16, 8, b"")] * 65_535)),
    "JPEG XL that claims 10^18 pixels": ("image.bomb", lambda: jpeg_xl(2**30, 2**30)),
    "JPEG XL that claims 12 megapixels": (DAMAGED, lambda: jpeg_xl(4000, 3000)),
    "DNG that claims 3,600 megapixels": (f"image.bomb|{DAMAGED}", lambda: large_dng(60_000, 60_000)),
    "DNG that claims 100 megapixels": (f"image.bomb|{READ}|{DAMAGED}", lambda: large_dng(12_000, 8000)),
    "DNG whose directories are a loop": (f"{READ}|{DAMAGED}", looping_dng),
    "DNG without its data": (DAMAGED, lambda: dng(SMALL)[:600]),
}  # fmt: skip
"""For each picture: the possible outcomes, separated by “|”, and the function that generates the picture."""
