"""Generate pictures, valid and broken."""

import functools
import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

SAMPLES = Path(__file__).parents[2] / "samples"
_CORNERS = {"r": (255, 0, 0), "g": (0, 255, 0), "b": (0, 0, 255), "w": (255, 255, 255)}


@functools.cache
def textured(width: int, height: int, seed: int = 0) -> Image.Image:
    """Return an RGB picture with enough detail that its files have a realistic size. Do not modify it; it is cached."""
    random = np.random.default_rng(seed)
    walk = random.normal(0, 4, (height, width, 3)).cumsum(axis=1) + 128
    return Image.fromarray(walk.clip(0, 255).astype(np.uint8))


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """Encode `image` in the format `kind` ("JPEG", "PNG", ...) and return the bytes."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@functools.cache
def encoded_texture(width: int, height: int, kind: str, **options: object) -> bytes:
    """Return the bytes of a textured picture, which is encoded only once for each set of arguments."""
    return encoded(textured(width, height), kind, **options)


def written(folder: Path, data: bytes, name: str = "file.bin") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def quartered() -> Image.Image:
    """Return a picture of 60 by 40 pixels with four different quarters, so that every rotation looks different.

    The top is red and green, the bottom blue and white.
    """
    image = Image.new("RGB", (60, 40), "white")
    image.paste((255, 0, 0), (0, 0, 30, 20))
    image.paste((0, 255, 0), (30, 0, 60, 20))
    image.paste((0, 0, 255), (0, 20, 30, 40))
    return image


def pixel(image: Image.Image, x: int, y: int) -> tuple[int, int, int]:
    """Return the red, green and blue of one pixel of an RGB picture."""
    red, green, blue = np.asarray(image)[y, x].tolist()
    return red, green, blue


def corners(image: Image.Image) -> str:
    """Return the names (single letters) of the colours near the four corners, row by row."""
    spots = [pixel(image, x, y) for y in (9, image.height - 10) for x in (9, image.width - 10)]
    return "".join(min(_CORNERS, key=lambda name: np.abs(np.subtract(spot, _CORNERS[name])).sum()) for spot in spots)


def truncated_png(width: int, height: int) -> bytes:
    """Return a small PNG whose header claims `width` by `height` pixels but whose data ends after one row."""
    data = zlib.compress(bytes(1 + width * 3))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(kind, body) for kind, body in chunks)


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
