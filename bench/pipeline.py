"""Measure the overhead of real workers compared with a plain loop, for 200 photos and the samples.

Run it with `make bench ARGS=pipeline`. The loop runs the same pipeline and writes the same previews in the same number
of processes, but without the database, queue and messages. It is measured twice: once decoding in its own processes
(`ratio_to_bare_loop`), and once in decoder processes, as workers do (`ratio_to_isolated_loop`), because that isolation
has a cost of its own. The last line of the output is one JSON object: the workers' throughput relative to these
loops; the CPU time of all processes per file in ms, with the local analyzer and with an analyzer that only waits 55 ms;
and the peak memory in MB of a worker process with the local analyzer, without its decoders (`rss_mb`).

The CPU time for photos of 0.5 and 12 megapixels comes from bench/stages.py, `preview_ratio_to_vips` from bench/vips.py,
`ratio_video` from bench/films.py, and the ratios of other formats, such as `ratio_heic`, from bench/formats.py.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from bench.films import measure_films
from bench.formats import measure_formats
from bench.images import make_jpegs
from bench.stack import cpu_seconds, memory_mb, stack, workers
from bench.stages import measure_stages
from bench.vips import measure_vips
from uploads.analysis.analyzer import get_analyzer
from uploads.media.decoder import decoders
from uploads.media.image import Picture, read_picture
from uploads.pipeline import process_file

PROCESSES = 2
ROUNDS = 3
STUB = "bench.stub:WaitingAnalyzer"
SAMPLES = Path(__file__).resolve().parent.parent / "samples"


def main() -> None:
    """Measure single steps, then the plain loops and workers alternately, then workers with the waiting analyzer."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as folder:
        figures: dict[str, float] = {}
        for measure in (measure_stages, measure_vips, measure_formats, measure_films):
            figures |= measure(Path(folder))
        photos = make_jpegs(Path(folder) / "photos", count)
        files = [*photos, *sorted(SAMPLES.glob("*.jpg"))]
        with stack() as services:
            servers = [
                server.pid for server in (services.postgres.process, services.redis.process) if server is not None
            ]
            bare, isolated, real, figures["rss_mb"] = alternate(files, servers, Path(folder) / "previews")
            with workers(PROCESSES, VUEMANTICS_ANALYZER=STUB) as group:
                pids = [*group.pids, *servers]
                through_workers([SAMPLES / "coffee.jpg"] * PROCESSES * 4, pids)
                stub = through_workers(photos, pids)
    report(len(files), (bare, isolated), real, stub, figures)


def alternate(
    files: list[Path], servers: list[int], target: Path
) -> tuple[list[float], list[float], list[tuple[float, float]], float]:
    """Run the plain loops and the workers alternately, so that changes in the machine's speed affect all of them.

    Return ROUNDS results of each: files per second of the two loops, and the results of `through_workers`. The last
    value is the highest peak memory of a worker process in MB.
    """
    target.mkdir()
    bare, isolated, real = [], [], []
    with (
        ProcessPoolExecutor(PROCESSES) as own,
        ProcessPoolExecutor(PROCESSES) as with_decoders,
        workers(PROCESSES, VUEMANTICS_ANALYZER="local") as group,
    ):
        pids = [*group.pids, *servers]
        warm_up = [SAMPLES / "coffee.jpg"] * PROCESSES * 4
        loop(own, describe, warm_up, target)
        loop(with_decoders, describe_isolated, warm_up, target)
        through_workers(warm_up, pids)
        for _ in range(ROUNDS):
            bare.append(loop(own, describe, files, target))
            isolated.append(loop(with_decoders, describe_isolated, files, target))
            real.append(through_workers(files, pids))
        peak = max(memory_mb(pid) for pid in group.worker_pids())
    return bare, isolated, real, round(peak, 1)


def loop(pool: ProcessPoolExecutor, run: Callable[[Path, Path], None], files: list[Path], target: Path) -> float:
    """Call `run` with each file in the pool's processes; return files per second."""
    start = time.perf_counter()
    list(pool.map(run, files, [target] * len(files), chunksize=2))
    return len(files) / (time.perf_counter() - start)


def describe(path: Path, target: Path, read: Callable[[Path, int], Picture] = read_picture) -> None:
    """Process one file and write its previews as a worker does, but without the database."""
    result = process_file(path, get_analyzer("local"), lambda stage: None, read=read)
    for side, content in result.previews.items():
        (target / f"{path.stem}-{side}.jpg").write_bytes(content)


def describe_isolated(path: Path, target: Path) -> None:
    """Like `describe`, but decode in a decoder process, as workers do."""
    describe(path, target, partial(decoders.read_picture, check=lambda: None))


def through_workers(files: list[Path], pids: list[int]) -> tuple[float, float]:
    """Process the files with the workers; return files per second, and CPU ms per file of the processes `pids`."""
    from bench import rows  # noqa: PLC0415 (needs django.setup())

    batch_id = rows.store(files)
    before = cpu_seconds(*pids)
    seconds = rows.run_to_completion(batch_id)
    return len(files) / seconds, (cpu_seconds(*pids) - before) * 1000 / len(files)


def report(
    files: int,
    loops: tuple[list[float], list[float]],
    real: list[tuple[float, float]],
    stub: tuple[float, float],
    others: dict[str, float],
) -> None:
    rate, cost = median(rate for rate, _ in real), median(cost for _, cost in real)
    table = Table("method", "files/s", "CPU ms per file", title=f"{files} files, {PROCESSES} processes")
    table.add_row("bare loop", f"{median(loops[0]):.1f}", "")
    table.add_row("bare loop, decoder processes", f"{median(loops[1]):.1f}", "")
    table.add_row("workers", f"{rate:.1f}", f"{cost:.1f}")
    table.add_row("workers, analyzer waits 55 ms", f"{stub[0]:.1f}", f"{stub[1]:.1f}")
    Console().print(table)
    to_bare, to_isolated = (median(rate / loop for loop, (rate, _) in zip(one, real, strict=True)) for one in loops)
    figures = {
        "bench": "pipeline",
        "ratio_to_bare_loop": round(to_bare, 3),
        "ratio_to_isolated_loop": round(to_isolated, 3),
        "cpu_ms_per_file": round(cost, 1),
        "cpu_ms_per_file_stub": round(stub[1], 1),
        **others,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
