"""Measure the cost of single hostile files, and whether a worker's memory grows after 1,000 of them.

Run it with `make bench ARGS=hostile_memory`. It prints a table of all generated pictures, videos and archives: the
outcome of each, the peak resident memory in MB of its decoder (for archives, of a process that reads the directory),
and the seconds, including the start of the decoder. Then a real worker process handles photos, 1,000 copies of
the hostile files, and photos again. The last line of the output is one JSON object: the number of unexpected outcomes,
the worker's resident memory in MB before the hostile files and at the end, the ratio of the second to the first, the
number of worker processes that ended, and how many hostile files were refused, were completed, caused a crash, or
failed with an internal error.
"""

import json
import multiprocessing
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path

import django
from rich.console import Console
from rich.table import Table

from bench.formats import close_decoders, peak_megabytes
from bench.images import make_jpegs
from bench.stack import Workers, memory_mb, stack, wait_for, workers
from tests.support import hostile_archives, hostile_files, hostile_films, hostile_stills
from uploads.errors import PermanentError

FILES = 1000
PHOTOS = 40
LIMIT_SECONDS = 1800
Outcomes = dict[str, str]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        pictures, archives = write_cases(Path(folder))
        photos = make_jpegs(Path(folder) / "photos", PHOTOS, (1600, 1200))
        with stack():
            unexpected = print_table(pictures, archives)
            with workers(processes=1) as group:
                figures = feed([*pictures, *archives], photos, group)
    print(json.dumps({"bench": "hostile_memory", "unexpected": unexpected, **figures}))


def write_cases(folder: Path) -> tuple[list[Path], list[Path]]:
    """Write each hostile picture, video and archive to a file named after its case.

    Return the paths of the pictures and videos that are not empty, and those of the archives.
    """
    made: dict[str, Callable[[], bytes]] = {}
    for stills in (hostile_files.CASES, hostile_stills.CASES):
        made |= {name: make for name, (_, make) in stills.items()}
    made |= {f"film: {name}": make for name, (make, _) in hostile_films.CASES.items()}
    pictures = [_write(folder / name, make()) for name, make in made.items()]
    archives = [_write(folder / f"{name}.zip", make()) for name, (_, make) in hostile_archives.CASES.items()]
    return [path for path in pictures if path.stat().st_size], archives


def _write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def print_table(pictures: list[Path], archives: list[Path]) -> int:
    """Handle each file once, in its own process. Print each outcome, and return how many were unexpected."""
    rows = [(path.name, *_measure(_decode, path)) for path in pictures]
    with multiprocessing.get_context("spawn").Pool(1, django.setup, maxtasksperchild=1) as pool:
        rows += [(path.stem, *pool.apply(_measure, (_read_archive, path))) for path in archives]
    table = Table("file", "outcome", "peak, MB", "s", title="hostile files")
    for row in rows:
        table.add_row(*row)
    Console(width=100).print(table)
    expected = expected_outcomes()
    return sum(expected[name] != "" and outcome not in expected[name].split("|") for name, outcome, *_ in rows)


def expected_outcomes() -> Outcomes:
    """Return the permitted outcomes of each file, separated by “|” and keyed by its name. "" permits any outcome."""
    found = {name: code for cases in (hostile_files.CASES, hostile_stills.CASES) for name, (code, _) in cases.items()}
    found |= {f"film: {name}": code for name, (_, code) in hostile_films.CASES.items()}
    archives = {name: code for name, (code, _) in hostile_archives.CASES.items()}
    return found | {name: "completed" if code.startswith("archive:") else code for name, code in archives.items()}


def _measure(handle: Callable[[Path], tuple[str, float]], path: Path) -> tuple[str, str, str]:
    start = time.perf_counter()
    outcome, megabytes = handle(path)
    return outcome, f"{megabytes:.0f}" if megabytes else "ended", f"{time.perf_counter() - start:.2f}"


def _decode(path: Path) -> tuple[str, float]:
    from uploads.media.decoder import DecoderPool  # noqa: PLC0415 (needs django.setup())
    from uploads.media.image import MAX_PIXELS  # noqa: PLC0415

    pool, outcome = DecoderPool(), "completed"
    try:
        pool.read_picture(path, MAX_PIXELS, lambda: None)
    except PermanentError as error:
        outcome = error.code
    megabytes = peak_megabytes(pool)
    close_decoders(pool)
    return outcome, megabytes


def _read_archive(path: Path) -> tuple[str, float]:
    from tests.support.archives import reader  # noqa: PLC0415
    from uploads.archives.zip_directory import read_directory  # noqa: PLC0415
    from uploads.archives.zip_limits import check_entries  # noqa: PLC0415

    outcome = "completed"
    try:
        size = path.stat().st_size
        check_entries(read_directory(reader(path), size, 100_000), size, 2**40)
    except PermanentError as error:
        outcome = error.code
    return outcome, memory_mb("self")


def feed(hostile: list[Path], photos: list[Path], group: Workers) -> dict[str, object]:
    """Make a worker handle photos, then hostile files, then photos again. Return the figures for the JSON line."""
    first = set(group.worker_pids())
    _run(photos, "ada")
    _run(photos, "ada")
    before = _resident_megabytes(group)
    outcomes = _run(list(islice(cycle(hostile), FILES)), "mallory")
    _run(photos, "ada")
    after = _resident_megabytes(group)
    return {
        "files": FILES,
        "worker_before_mb": round(before, 1),
        "worker_after_mb": round(after, 1),
        "ratio": round(after / before, 3),
        "dead_workers": len(first - set(group.worker_pids())),
        **outcomes,
    }


def _run(files: list[Path], owner: str) -> dict[str, int]:
    """Put copies of the files into a batch, wait until it is completed, and count the outcomes."""
    from batches.models import BatchItem, UploadBatch  # noqa: PLC0415
    from bench import rows  # noqa: PLC0415

    batch_id = rows.store(files, owner)
    rows.start([batch_id])
    batch = UploadBatch.objects.filter(id=batch_id, status="completed")
    wait_for(batch.exists, LIMIT_SECONDS, every=0.5)
    items = BatchItem.objects.filter(batch_id=batch_id, archive=None)
    counts = Counter(items.values_list("status", flat=True))
    crashed = items.filter(crash_count__gt=0).count()
    internal = items.filter(error_code="item.internal").count()
    return {"refused": counts["failed"], "completed": counts["completed"], "crashed": crashed, "internal": internal}


def _resident_megabytes(group: Workers) -> float:
    """Return the resident memory of the largest worker process."""
    return max(memory_mb(pid, "VmRSS") for pid in group.worker_pids())


if __name__ == "__main__":
    main()
