"""Measure the CPU time of each stage of the pipeline for photos of 0.5 and 12 megapixels.

`make bench ARGS=pipeline` runs this. One process, which has the memory settings of a worker, runs the pipeline and
decodes the photos in its decoder process. The CPU time is the sum for both processes. For each stage and size, the
lowest time of all runs counts, because other processes on the machine can only add to it. Nothing is stored.
"""

import multiprocessing
import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path
from unittest.mock import patch

from rich.console import Console
from rich.table import Table

from bench.images import make_jpegs
from uploads.analysis.analyzer import get_analyzer
from uploads.media.decoder import decoders
from uploads.pipeline import process_file
from vuemantics.management.stack import MALLOC_VARIABLES

SIZES = {"ms_half_mp": (816, 612), "ms_12_mp": (4000, 3000)}
PHOTOS = 4
ROUNDS = 8
ALL = "all stages"


def measure_stages(folder: Path) -> dict[str, float]:
    """Measure and print a table. Return the CPU time of all stages in ms for each size, keyed as in SIZES."""
    photos = {key: make_jpegs(folder / key, PHOTOS, size) for key, size in SIZES.items()}
    found: dict[str, list[dict[str, float]]] = {key: [] for key in photos}
    with new_process(**MALLOC_VARIABLES) as process:
        for number in range(ROUNDS + 1):
            for key, paths in photos.items():
                times = list(process.map(_time_stages, paths))
                found[key] += times if number else []  # the first round is a warm-up
    lowest = {key: {stage: min(one[stage] for one in times) for stage in times[0]} for key, times in found.items()}
    table = Table("stage", "0.5 megapixels", "12 megapixels", title="CPU time of a photo, ms")
    for stage in lowest["ms_12_mp"]:
        table.add_row(stage, *(f"{stages[stage]:.1f}" for stages in lowest.values()))
    Console().print(table)
    return {key: round(stages[ALL], 1) for key, stages in lowest.items()}


@contextmanager
def new_process(**env: str) -> Iterator[ProcessPoolExecutor]:
    """Yield an executor whose single process has the additional environment variables `env`."""
    # A forked process would ignore the variables, because malloc reads them when a program starts.
    spawn = multiprocessing.get_context("spawn")
    with patch.dict(os.environ, env), ProcessPoolExecutor(1, spawn) as process:
        yield process


def cpu_time() -> float:
    """Return the CPU time of this process and its idle decoders in seconds."""
    # The ids of the decoders' CPU clocks; see clock_getcpuclockid(3).
    clocks = [~decoder._process.pid << 3 | 2 for decoder in decoders._idle]
    return time.process_time() + sum(map(time.clock_gettime, clocks))


def _time_stages(path: Path) -> dict[str, float]:
    """Process a photo, and return the CPU time of each stage, and of all stages together, in ms."""
    starts: list[tuple[str, float]] = []
    read = partial(decoders.read_picture, check=lambda: None)
    process_file(path, get_analyzer("local"), lambda stage: starts.append((stage, cpu_time())), read=read)
    starts.append((ALL, cpu_time()))
    times = {stage: (end - start) * 1e3 for (stage, start), (_, end) in pairwise(starts)}
    return {**times, ALL: sum(times.values())}
