"""Hostile pictures of all formats are read or refused by one decoder, within fixed memory and CPU time."""

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.media.conftest import read
from tests.support import hostile_stills as files
from tests.support.images import encoded, written
from tests.support.raw_files import dng
from uploads.errors import CodedError
from uploads.media.decoder import Decoder, DecoderPool

logger = logging.getLogger(__name__)
"""--log-cli-level=INFO shows the table of outcomes, peak memory of the decoders so far, and seconds."""

MAX_MEGABYTES = 400
READ = "completed"
DAMAGED = "image.corrupt|image.truncated|file.unsupported"

CASES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "nothing": ("file.empty", lambda: b""),
    "one byte": ("file.unsupported", lambda: b"\xff"),
    "zeros": ("file.unsupported", lambda: bytes(100_000)),
    "HTML named JPEG": ("file.unsupported", lambda: files.HTML),
    "SVG named JPEG": ("file.unsupported", lambda: files.SVG),
    "JPEG with a ZIP behind it": (READ, lambda: files.JPEG + files.ZIP),
    "JPEG with HTML behind it": (READ, lambda: files.JPEG + files.HTML),
    "PNG with HTML in a text": (READ, lambda: files.PNG[:33] + files.SCRIPT + files.PNG[33:]),
    "GIF with a script behind it": (READ, lambda: files.GIF + files.HTML),
    "TIFF that claims 3,600 megapixels": ("image.bomb", lambda: files.tiff(files.tiff_page(60_000, 60_000))),
    "TIFF with a size of 4 gigapixels in one row": ("image.bomb", lambda: files.tiff(files.tiff_page(2**32 - 1, 1))),
    "TIFF of 96 megapixels": ("image.bomb", lambda: files.deflated_tiff(12_000, 8000)),
    "TIFF of 30 megapixels": (READ, lambda: files.deflated_tiff(6000, 5000)),
    "TIFF without data": (DAMAGED, lambda: files.tiff(files.tiff_page(2000, 2000))),
    "TIFF whose directory follows itself": (
        READ, lambda: files.tiff(files.tiff_page(8, 8), following=8).ljust(264, b"\0")
    ),
    "TIFF with 20,000 directories": (READ, lambda: files.many_directories(20_000)),
    "TIFF with 60,000 entries": (
        "image.complex", lambda: files.tiff(files.tiff_page(8, 8) + [(700, 7, 60_000, bytes(4))] * 60_000)
    ),
    "TIFF whose entries share 32 MiB": (
        "image.complex",
        lambda: files.tiff(files.tiff_page(8, 8) + [(700, 7, 65_000, bytes(4))] * 900, body=bytes(65_000)),
    ),
    "TIFF with strips of 4 GiB": (DAMAGED, lambda: files.tiff(files.tiff_page(8, 8, tag279=2**32 - 1))),
    "HEIC that claims 3,600 megapixels": ("image.bomb", lambda: files.resized_heif(files.heif(), 60_000, 60_000)),
    "HEIC that claims 50 megapixels": (DAMAGED, lambda: files.resized_heif(files.heif(), 10_000, 5000)),
    "HEIC grid that claims 50 megapixels": (
        DAMAGED, lambda: files.resized_heif(files.heif(tile_size=64), 10_000, 5000)
    ),
    "HEIC without its data": (DAMAGED, lambda: files.heif()[:-400]),
    "HEIC without a picture": ("file.unsupported", lambda: files.heif()[:24] + bytes(300)),
    "HEIC with endless boxes": (DAMAGED, lambda: files.heif()[:24] + b"\0\0\0\x08free" * 200_000),
    "AVIF that claims 3,600 megapixels": (
        f"image.bomb|{DAMAGED}", lambda: files.resized_heif(encoded(files.SMALL, "AVIF"), 60_000, 60_000)
    ),
    "AVIF that claims 20 megapixels": (
        f"{READ}|{DAMAGED}", lambda: files.resized_heif(encoded(files.SMALL, "AVIF"), 5000, 4000)
    ),
    "AVIF without its data": (DAMAGED, lambda: encoded(files.SMALL, "AVIF")[:-300]),
    "BMP that claims 900 megapixels": ("image.bomb", lambda: files.bmp(30_000, 30_000)),
    "BMP without data": (DAMAGED, lambda: files.bmp(3000, 3000)),
    "BMP that claims a size of 0": (DAMAGED, lambda: files.bmp(0, 5)),
    "BMP of runs": (f"{READ}|{DAMAGED}", lambda: files.bmp(3000, 3000, compression=1, body=b"\xff\x01" * 40_000)),
    "JPEG XL that claims 10^18 pixels": ("image.bomb", lambda: files.jpeg_xl(2**30, 2**30)),
    "JPEG XL that claims 12 megapixels": (DAMAGED, lambda: files.jpeg_xl(4000, 3000)),
    "DNG that claims 3,600 megapixels": (f"image.bomb|{DAMAGED}", lambda: files.large_dng(60_000, 60_000)),
    "DNG that claims 100 megapixels": (f"image.bomb|{READ}|{DAMAGED}", lambda: files.large_dng(12_000, 8000)),
    "DNG whose directories are a loop": (f"{READ}|{DAMAGED}", files.looping_dng),
    "DNG without its data": (DAMAGED, lambda: dng(files.SMALL)[:600]),
}  # fmt: skip


@pytest.fixture(scope="module")
def shared_pool() -> Iterator[DecoderPool]:
    """One pool for all files, so that each decoder has seen the files before."""
    pool = DecoderPool()
    yield pool
    while pool._idle:
        pool._idle.pop().close()


@pytest.mark.parametrize("name", CASES)
def test_hostile_picture_is_bounded(name: str, shared_pool: DecoderPool, tmp_path: Path) -> None:
    expected, make = CASES[name]
    path = written(tmp_path, make(), "IMG_1.jpg")
    start = time.monotonic()

    outcome = _outcome(shared_pool, path)

    megabytes = max((_peak_megabytes(decoder) for decoder in shared_pool._idle), default=0.0)
    logger.info("%-45s %-18s %4.0f MB %6.2f s", name, outcome, megabytes, time.monotonic() - start)
    assert outcome in expected.split("|")
    assert megabytes <= MAX_MEGABYTES


def test_picture_is_read_after_hostile_ones(shared_pool: DecoderPool, tmp_path: Path) -> None:
    assert read(shared_pool, written(tmp_path, files.JPEG)).width == 64


def _outcome(pool: DecoderPool, path: Path) -> str:
    try:
        read(pool, path)
    except CodedError as error:
        return error.code
    return READ


def _peak_megabytes(decoder: Decoder) -> float:
    """Return the largest resident memory of a decoder so far."""
    status = Path(f"/proc/{decoder._process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6
