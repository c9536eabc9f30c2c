"""Compare the time to read a picture of each format with the time that a plain library call takes to decode it.

`make bench ARGS=pipeline` runs this. "Ours" includes reading the picture in the decoder process, checking it,
converting its colours, and making the two previews. "Bare" only decodes all pixels with the format's library. The two
run alternately.
"""

import io
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import pillow_heif
import rawpy
from PIL import Image
from rich.console import Console
from rich.table import Table

from bench.stack import memory_mb
from tests.support.raw_files import dng
from uploads.media.decoder import DecoderPool
from uploads.media.image import MAX_PIXELS
from uploads.media.previews import make_previews

SIZE = (4000, 3000)
ROUNDS = 7


def measure_formats(folder: Path) -> dict[str, float]:
    """Measure and print a table. Return our time divided by the bare time for each format, keyed `ratio_heic` etc."""
    table = Table("format", "ours, ms", "bare, ms", "ratio", "ours, peak MB", title="12 megapixels")
    ratios = {}
    with ProcessPoolExecutor(1) as bare:
        for name, path in _make_files(folder).items():
            pool, rounds = DecoderPool(), []
            for _ in range(ROUNDS + 1):
                ours = _timed(partial(_ours, pool, path))
                rounds.append((ours, bare.submit(_bare, name, path).result()))
            ours, other = (median(times) for times in zip(*rounds[1:], strict=True))  # the first round is a warm-up
            ratio = ratios[f"ratio_{name}"] = round(median(one / two for one, two in rounds[1:]), 3)
            table.add_row(name, f"{ours * 1e3:.0f}", f"{other * 1e3:.0f}", f"{ratio}", f"{peak_megabytes(pool):.0f}")
            close_decoders(pool)
    Console().print(table)
    return ratios


def _make_files(folder: Path) -> dict[str, Path]:
    """Write the same photo-like picture in each format. Return the paths, keyed by format."""
    noise = np.random.default_rng(1).normal(0, 6, (SIZE[1] // 4, SIZE[0] // 4, 3)).cumsum(axis=1) + 128
    photo = Image.fromarray(noise.clip(0, 255).astype(np.uint8)).resize(SIZE)
    heic = io.BytesIO()
    pillow_heif.from_pillow(photo).save(heic, quality=80, tile_size=512)
    contents = {"heic": heic.getvalue(), "dng": dng(photo, preview=photo)}
    for name, options in (("jpeg", {"quality": 90}), ("avif", {"quality": 70, "speed": 9})):
        buffer = io.BytesIO()
        photo.save(buffer, name.upper(), **options)
        contents[name] = buffer.getvalue()
    paths = {name: folder / f"photo.{name}" for name in sorted(contents)}
    for name, path in paths.items():
        path.write_bytes(contents[name])
    return paths


def _ours(pool: DecoderPool, path: Path) -> None:
    make_previews(pool.read_picture(path, MAX_PIXELS, lambda: None).image)


def _bare(name: str, path: Path) -> float:
    """Return the seconds it takes to decode all pixels of the picture or, for a raw photo, of its embedded preview."""
    return _timed(lambda: _DECODERS[name](path))


def _decode_heic(path: Path) -> None:
    pillow_heif.open_heif(path).data  # noqa: B018 (decodes)


def _decode_dng(path: Path) -> None:
    with rawpy.imread(str(path)) as raw:
        preview = raw.extract_thumb().data
        assert isinstance(preview, bytes)
        Image.open(io.BytesIO(preview)).load()


def _decode_with_pillow(path: Path) -> None:
    with Image.open(path) as image:
        image.load()


_DECODERS: dict[str, Callable[[Path], None]] = {
    "heic": _decode_heic,
    "dng": _decode_dng,
    "avif": _decode_with_pillow,
    "jpeg": _decode_with_pillow,
}


def _timed(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def peak_megabytes(pool: DecoderPool) -> float:
    """Return the peak resident memory of the pool's decoder in MB, or 0 if the decoder has exited."""
    return memory_mb(pool._idle[0]._process.pid) if pool._idle else 0


def close_decoders(pool: DecoderPool) -> None:
    while pool._idle:
        pool._idle.pop().close()
