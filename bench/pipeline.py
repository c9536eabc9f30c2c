"""What processing costs around the pipeline: 200 photos and the samples through real workers, against a bare loop.

Run it by `make bench ARGS=pipeline`. The bare loop calls the same functions (pipeline, preview files) in as many
processes, with no rows, no queue and no messages. The last line is one JSON object: the workers' throughput against
the loop's, and processor time of all processes in ms a file, with the embedded analyzer and with one that waits 55 ms.
"""

import json
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.images import make_jpegs
from bench.stack import cpu_seconds, stack, wait_for, workers
from uploads.analysis.registry import get_analyzer
from uploads.pipeline import run

PROCESSES = 2
STUB = "bench.stub:WaitingAnalyzer"
SAMPLES = Path(__file__).resolve().parent.parent / "samples"


def main() -> None:
    """Run the bare loop, the workers and the workers with the waiting analyzer on the same files."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as folder:
        photos = make_jpegs(Path(folder) / "photos", count)
        files = [*photos, *sorted(SAMPLES.glob("*.jpg"))]
        bare = bare_loop(files, Path(folder) / "previews")
        with stack() as services:
            servers = [child.pid for child in (services.postgres.child, services.redis.child) if child is not None]
            real = through_workers(files, servers, "local")
            stub = through_workers(photos, servers, STUB)
    report(len(files), bare, real, stub)


def bare_loop(files: list[Path], target: Path) -> float:
    """Return the files a second of PROCESSES processes that only call the functions; their start does not count."""
    target.mkdir()
    with ProcessPoolExecutor(PROCESSES) as pool:
        list(pool.map(warm_up, range(PROCESSES * 4)))
        start = time.perf_counter()
        list(pool.map(describe, files, [target] * len(files), chunksize=5))
        return len(files) / (time.perf_counter() - start)


def warm_up(number: int) -> None:
    """Load the weights."""
    run(SAMPLES / "coffee.jpg", get_analyzer("local"), lambda stage: None)


def describe(path: Path, target: Path) -> str:
    """Do with one file what a worker does, less the rows."""
    result = run(path, get_analyzer("local"), lambda stage: None)
    for side, content in result.previews.items():
        (target / f"{path.stem}-{side}.jpg").write_bytes(content)
    return result.description


def through_workers(files: list[Path], servers: list[int], analyzer: str) -> tuple[float, float]:
    """Return files a second, and processor ms a file of workers and servers, from the start of work to its end."""
    from bench import rows  # noqa: PLC0415 (models exist only after the set-up)

    with workers(PROCESSES, VUEMANTICS_ANALYZER=analyzer) as pid:
        warm = rows.store([SAMPLES / "coffee.jpg"] * PROCESSES * 4)
        rows.start(warm)
        wait_for(lambda: rows.is_completed(warm), 60)
        batch_id = rows.store(files)
        before = cpu_seconds(pid, *servers)
        rows.start(batch_id)
        seconds = wait_for(lambda: rows.is_completed(batch_id), 600)
        cost = (cpu_seconds(pid, *servers) - before) * 1000 / len(files)
    return len(files) / seconds, cost


def report(files: int, bare: float, real: tuple[float, float], stub: tuple[float, float]) -> None:
    """Print the table and the JSON line."""
    table = Table("way", "files a second", "CPU ms a file", title=f"{files} files, {PROCESSES} processes")
    table.add_row("bare loop", f"{bare:.1f}", "")
    table.add_row("workers", f"{real[0]:.1f}", f"{real[1]:.1f}")
    table.add_row("workers, analyzer waits 55 ms", f"{stub[0]:.1f}", f"{stub[1]:.1f}")
    Console().print(table)
    figures = {
        "bench": "pipeline",
        "ratio_to_bare_loop": round(real[0] / bare, 3),
        "cpu_ms_per_file": round(real[1], 1),
        "cpu_ms_per_file_stub": round(stub[1], 1),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
