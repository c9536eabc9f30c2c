"""Compare the time to read a one-minute video with the time to decode the same key frames without any checks.

`make bench ARGS=pipeline` runs this. "Ours" includes reading the video in the decoder process, checking it, reducing
the key frames, and making the previews. "Bare" opens the file with PyAV, seeks to the same times, and decodes a key
frame at each of them to RGB. The two run alternately.
"""

import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median

import av
import numpy as np
from rich.console import Console
from rich.table import Table

from bench.images import make_jpegs
from bench.stack import memory_mb
from uploads.media.decoder import DecoderPool
from uploads.media.image import MAX_FRAMES, MAX_PIXELS
from uploads.media.previews import make_previews

SECONDS, RATE = 60, 30
SIZE = (1920, 1080)
ROUNDS = 7
_DRIFT = 4


def measure_films(folder: Path) -> dict[str, float]:
    """Measure our code and the bare decoder, and print a table.

    Return our time divided by the bare time as `ratio_video`.
    """
    path = make_film(folder / "film.mp4")
    pool = DecoderPool()
    with ProcessPoolExecutor(1) as bare:
        rounds = [
            (_timed(partial(_ours, pool, path)), bare.submit(_timed, partial(_bare, path)).result())
            for _ in range(ROUNDS + 1)
        ]
    ours, other = (median(times) * 1e3 for times in zip(*rounds[1:], strict=True))  # the first round is a warm-up
    ratio = round(median(one / two for one, two in rounds[1:]), 3)
    table = Table("format", "ours, ms", "bare, ms", "ratio", "ours, peak MB", title=f"{SECONDS} s of 1080p")
    decoder = pool._idle[0]
    table.add_row("H.264 in MP4", f"{ours:.0f}", f"{other:.0f}", f"{ratio}", f"{memory_mb(decoder._process.pid):.0f}")
    decoder.close()
    Console().print(table)
    return {"ratio_video": ratio}


def make_film(path: Path, seconds: int = SECONDS) -> Path:
    """Write a video that pans across a photo, with a key frame every second, like videos from phones."""
    photo = _photo(path.parent)
    with av.open(str(path), "w") as target:
        stream = target.add_stream("libx264", rate=RATE, options={"preset": "ultrafast", "crf": "18"})
        assert isinstance(stream, av.VideoStream)
        (stream.width, stream.height), stream.pix_fmt, stream.codec_context.gop_size = SIZE, "yuv420p", RATE
        for number in range(seconds * RATE):
            target.mux(stream.encode(_window(photo, number)))
        target.mux(stream.encode(None))
    return path


def _photo(folder: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    (path,) = make_jpegs(folder / "panorama", 1, (SIZE[0] * 2, SIZE[1] + 1))
    with av.open(str(path)) as source:
        return next(source.decode(video=0)).to_ndarray(format="rgb24").astype(np.uint8)


def _window(photo: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], number: int) -> av.VideoFrame:
    left = number * _DRIFT % SIZE[0]
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(photo[: SIZE[1], left : left + SIZE[0]]), "rgb24")


def _ours(pool: DecoderPool, path: Path) -> None:
    make_previews(pool.read_picture(path, MAX_PIXELS, lambda: None).image)


def _bare(path: Path) -> None:
    with av.open(str(path)) as source:
        stream = source.streams.video[0]
        stream.codec_context.skip_frame = "NONKEY"
        stream.codec_context.thread_count = 1
        for part in range(MAX_FRAMES):
            source.seek(int((part + 0.5) * SECONDS / MAX_FRAMES * av.time_base))
            next(source.decode(stream)).to_ndarray(format="rgb24")


def _timed(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
