"""Generate small files that cost a naive decoder minutes of time or gigabytes of memory."""

import io
import struct
import zlib
from collections.abc import Callable

from PIL import Image

from tests.support.images import encoded, png_chunk

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def scan_bomb(width: int, height: int, scans: int) -> bytes:
    """Return a progressive grey JPEG with `scans` scans, most of which refine nothing."""
    buffer = io.BytesIO()
    Image.new("L", (16, 16), 90).save(buffer, "JPEG", progressive=True, quality=50)
    data = buffer.getvalue()
    frame = data.index(b"\xff\xc2")
    first_scan = data.index(b"\xff\xda")
    header = data[: frame + 5] + struct.pack(">HH", height, width) + data[frame + 9 : first_scan]
    # Huffman table AC 0, whose only codes are 0 (end of 32,767 blocks) and 10 (end of this block).
    table = _segment(0xC4, bytes([0x10, 1, 1, *[0] * 14, 0xE0, 0x00]))
    blocks = -(-width // 8) * -(-height // 8)
    runs = -(-blocks // 32767)
    bits = ("0" + "1" * 14) * runs
    bits += "1" * (-len(bits) % 8)
    body = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\x00")
    empty = _segment(0xDA, bytes([1, 1, 0x00, 1, 63, 0x02])) + body
    refinement = _segment(0xDA, bytes([1, 1, 0x00, 1, 63, 0x21])) + body
    return header + table + _dc_scan(blocks) + empty + refinement * (scans - 2) + b"\xff\xd9"


def _dc_scan(blocks: int) -> bytes:
    """Return a Huffman table and a first scan that uses it, in which the DC difference of every block is 0."""
    table = _segment(0xC4, bytes([0x00, 1, *[0] * 15, 0x00]))
    return table + _segment(0xDA, bytes([1, 1, 0x00, 0, 0, 0x00])) + bytes(-(-blocks // 8))


def segment_bomb(count: int) -> bytes:
    """Return a JPEG with `count` empty application segments."""
    data = encoded(Image.new("RGB", (16, 16)), "JPEG")
    return data[:2] + b"\xff\xe5\x00\x02" * count + data[2:]


def fill_bomb(count: int) -> bytes:
    """Return a JPEG with `count` fill bytes before its first segment."""
    data = encoded(Image.new("RGB", (16, 16)), "JPEG")
    return data[:2] + b"\xff" * count + data[2:]


def tiff_bomb(entries: int, size: int) -> bytes:
    """Return EXIF data of `size` bytes. Orientation 6 comes first, then entries that each cover all the data."""
    tags = [struct.pack("<HHLHH", 0x0112, 3, 1, 6, 0)]
    tags += [struct.pack("<HHLL", 0x9000 + number % 0x6000, 7, size - 8, 8) for number in range(entries)]
    return (b"II*\0" + struct.pack("<LH", 8, entries + 1) + b"".join(tags)).ljust(size, b"\0")


def exif_jpeg(entries: int = 5000) -> bytes:
    """Return a JPEG of 64 KB whose EXIF data unpacks to more than 300 MB."""
    data = encoded(Image.new("RGB", (60, 40)), "JPEG")
    return data[:2] + _segment(0xE1, b"Exif\0\0" + tiff_bomb(entries, 64_000)) + data[2:]


def exif_png(entries: int = 4000) -> bytes:
    """Return a PNG of 1 MB whose EXIF data unpacks to 4 GB."""
    data = encoded(Image.new("RGB", (60, 40)), "PNG")
    return data[:33] + png_chunk(b"eXIf", tiff_bomb(entries, 1_000_000)) + data[33:]


def text_png(chunks: int = 900, size: int = 1_000_000) -> bytes:
    """Return a PNG of 1 MB with compressed texts that each unpack to `size` bytes."""
    data = encoded(Image.new("RGB", (60, 40)), "PNG")
    text = png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(size), 9))
    return data[:33] + text * chunks + data[33:]


def comment_gif(size: int) -> bytes:
    """Return a GIF with `size` bytes of comments, in blocks of one byte, before its frame."""
    data = encoded(Image.new("P", (60, 40)), "GIF")
    header = 13 + (3 << (data[10] & 7) + 1 if data[10] & 0x80 else 0)
    return data[:header] + b"!\xfe" + b"\x01 " * size + b"\0" + data[header:]


def junk_gif(size: int) -> bytes:
    """Return a GIF with `size` meaningless bytes before its comment and its frame."""
    data = comment_gif(8)
    start = data.index(b"!\xfe")
    return data[:start] + b"?" * size + data[start:]


def extension_gif(count: int) -> bytes:
    """Return a GIF with `count` empty extensions before its frame."""
    data = comment_gif(8)
    start = data.index(b"!\xfe")
    return data[:start] + b"!\x01\0" * count + data[start:]


def large_gif(width: int, height: int) -> bytes:
    """Return a GIF that claims this size."""
    data = comment_gif(8)
    return data[:6] + struct.pack("<HH", width, height) + data[10:]


def large_webp(width: int, height: int) -> bytes:
    """Return a lossless WebP of a single colour that claims this size."""
    data = bytearray(encoded(Image.new("RGB", (16, 16)), "WEBP", lossless=True))
    start = data.index(b"VP8L") + 9
    old = int.from_bytes(data[start : start + 4], "little")
    data[start : start + 4] = (old >> 28 << 28 | height - 1 << 14 | width - 1).to_bytes(4, "little")
    return bytes(data)


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


CASES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "JPEG of 5,000 scans of 100 megapixels": ("image.complex", lambda: scan_bomb(10_000, 10_000, 5000)),
    "JPEG of 101 scans": ("image.complex", lambda: scan_bomb(1000, 1000, 101)),
    "JPEG of 5,000 segments": ("image.complex", lambda: segment_bomb(5000)),
    "JPEG with 70,000 fill bytes": ("image.complex", lambda: fill_bomb(70_000)),
    "JPEG with EXIF data of 300 MB": ("completed", exif_jpeg),
    "PNG with EXIF data of 4 GB": ("completed", exif_png),
    "PNG with texts of 900 MB": ("completed", text_png),
    "GIF with 4 MB of comments": ("image.complex", lambda: comment_gif(4_000_000)),
    "GIF of 10,001 extensions": ("image.complex", lambda: extension_gif(10_001)),
    "GIF of meaningless bytes": ("image.corrupt|image.truncated", lambda: junk_gif(1000)),
    "GIF that claims 240 megapixels": ("image.bomb", lambda: large_gif(60_000, 4000)),
    "WebP that claims 100 megapixels": ("image.bomb", lambda: large_webp(16_383, 6100)),
}
"""For each picture: the possible outcomes, separated by “|”, and the function that generates the picture."""
