"""Measure how hostile files affect other users' files, with default settings and real workers.

Run it with `make bench ARGS=hostile`. One user sends scan bombs, EXIF bombs and comment bombs, which would take minutes
or all memory in a decoder without limits. Two other users send five photos each. The last line of the output is one
JSON object: the seconds until the photos were described, until the last hostile file was refused, and until all hostile
files were finished, and the largest resident memory of a worker process and of a decoder process, in MB (a million
bytes).
"""

import json
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.images import make_jpegs
from bench.stack import descendants, stack, wait_for, workers
from tests.support import hostile_files

PHOTOS = 10
LIMIT_SECONDS = 900
SAMPLE_SECONDS = 0.05
_BOMBS: dict[str, Callable[[], bytes]] = {
    "scans-1.jpg": lambda: hostile_files.scan_bomb(10_000, 10_000, 5000),
    "scans-2.jpg": lambda: hostile_files.scan_bomb(10_000, 10_000, 5000) + b"2",
    "scans-3.jpg": lambda: hostile_files.scan_bomb(10_000, 10_000, 5000) + b"3",
    "exif-1.jpg": hostile_files.exif_jpeg,
    "exif-2.png": hostile_files.exif_png,
    "exif-3.png": lambda: hostile_files.exif_png(2000),
    "comments-1.gif": lambda: hostile_files.comment_gif(4_000_000),
    "comments-2.gif": lambda: hostile_files.comment_gif(4_100_000),
}


def main() -> None:
    """Send the hostile files and the photos at the same time, wait until all are finished, and print the report."""
    with tempfile.TemporaryDirectory() as folder:
        photos = make_jpegs(Path(folder) / "photos", PHOTOS, (4000, 3000))
        bombs = [Path(folder) / name for name in _BOMBS]
        for path in bombs:
            path.write_bytes(_BOMBS[path.name]())
        with stack(), workers() as group, largest_memory(group.pids) as memory:
            seconds, outcomes = send(bombs, photos)
    report(seconds, outcomes, memory)


def send(bombs: list[Path], photos: list[Path]) -> tuple[dict[str, float], dict[str, str]]:
    """Process all files. Return durations in seconds, and the outcome of each hostile file, keyed by its name.

    The keys of the durations are `photos` and `bombs` (until all of them were finished) and `refused` (until the last
    hostile file was refused).
    """
    from batches.models import BatchItem, UploadBatch  # noqa: PLC0415 (needs django.setup())
    from bench import rows  # noqa: PLC0415

    half = PHOTOS // 2
    batches = {"bombs": [rows.store(bombs, "mallory")]}
    batches["photos"] = [rows.store(photos[:half], "ada"), rows.store(photos[half:], "bob")]
    rows.start([batch_id for batch_ids in batches.values() for batch_id in batch_ids])
    seconds = {}
    for name in ("photos", "bombs"):
        live = UploadBatch.objects.filter(id__in=batches[name]).exclude(status="completed")
        wait_for(lambda live=live: not live.exists(), LIMIT_SECONDS, every=0.1)  # type: ignore[misc]
        spans = UploadBatch.objects.filter(id__in=batches[name]).values_list("started_at", "completed_at")
        seconds[name] = max((end - start).total_seconds() for start, end in spans if start and end)
    items = list(BatchItem.objects.filter(batch_id__in=batches["bombs"]).select_related("batch").order_by("filename"))
    times = [(item.finished_at, item.batch.started_at) for item in items if item.error_code]
    seconds["refused"] = max((end - start).total_seconds() for end, start in times if end and start)
    return seconds, {item.filename: item.error_code or item.status for item in items}


@contextmanager
def largest_memory(pids: list[int]) -> Iterator[dict[str, float]]:
    """Yield a dictionary that contains, after the block, the largest resident memory of each kind of process in MB."""
    largest = {"worker": 0.0, "decoder": 0.0}
    done = threading.Event()

    def sample() -> None:
        while not done.wait(SAMPLE_SECONDS):
            for process in chain.from_iterable(map(descendants, pids)):
                kind = "decoder" if b"decoder_process" in _read(process, "cmdline") else "worker"
                for line in _read(process, "status").decode().splitlines():
                    if line.startswith("VmHWM:"):
                        largest[kind] = max(largest[kind], int(line.split()[1]) * 1024 / 1e6)

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield largest
    finally:
        done.set()
        thread.join()


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def report(seconds: dict[str, float], outcomes: dict[str, str], memory: dict[str, float]) -> None:
    table = Table("file", "outcome", title="hostile files")
    for name, outcome in outcomes.items():
        table.add_row(name, outcome)
    Console().print(table)
    figures = {
        "bench": "hostile",
        "photos_seconds": round(seconds["photos"], 1),
        "refused_seconds": round(seconds["refused"], 1),
        "hostile_seconds": round(seconds["bombs"], 1),
        "worker_mb": round(memory["worker"]),
        "decoder_mb": round(memory["decoder"]),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
