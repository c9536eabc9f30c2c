"""Measure how long it takes to read the text in pictures, and how much memory it takes.

Run it with `make bench ARGS=reading`. The last line of the output is one JSON object: the CPU time in ms for a photo
without text and for a page of 56 dense lines that is 2048 or 1024 pixels high, the share of the words on each page that
were recognised, and the peak memory in MB of a worker process that has imported the sample photos and 12 scans, and has
read the text of four scans.
"""

import json
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

from PIL import Image, ImageDraw, ImageFont
from rich.console import Console
from rich.table import Table

from bench.stack import memory_mb, stack, workers
from uploads.analysis.ocr.networks import Networks
from uploads.analysis.ocr.text_reader import TextReader

ROUNDS = 3
SCANS = 12
SCANS_READ = 4
LIMIT_SECONDS = 300
SAMPLES = Path(__file__).resolve().parent.parent / "samples"
WORDS = re.findall("[a-z]+", "seven wizards brew potions near the harbour every winter evening while lazy dogs sleep")
LINES = [" ".join(WORDS[(line * 5 + word * 3) % len(WORDS)] for word in range(12)) for line in range(56)]


def main() -> None:
    photos = [_preview(path) for path in sorted(SAMPLES.glob("*.jpg"))]
    reader = TextReader(Networks())
    photo_ms = median(_cpu_ms(partial(reader.may_contain_text, photo)) for photo in photos)
    table = Table("", "CPU ms", "words read")
    table.add_row("photo without text", f"{photo_ms:.0f}", "")
    figures: dict[str, object] = {"bench": "reading", "ms_photo": round(photo_ms)}
    for name, size in (("page", (1448, 2048)), ("preview", (724, 1024))):
        page = _draw_page(size)
        page_ms, share = _cpu_ms(partial(reader.read, page)), _share_of_words(reader.read(page))
        table.add_row(f"{name} with 56 lines", f"{page_ms:.0f}", f"{share:.1%}")
        figures |= {f"ms_{name}": round(page_ms), f"words_{name}": round(share, 3)}
    Console().print(table)
    figures["worker_peak_mb"] = _worker_megabytes()
    print(json.dumps(figures))


def _preview(path: Path) -> Image.Image:
    image = Image.open(path).convert("RGB")
    image.thumbnail((1024, 1024))
    return image


def _draw_page(size: tuple[int, int]) -> Image.Image:
    page = Image.new("RGB", size, "white")
    font = ImageFont.load_default(size[1] / 80)
    for number, line in enumerate(LINES):
        place = (size[0] / 20, size[1] * (number + 2) / 60)
        ImageDraw.Draw(page).text(place, line, fill="black", font=font)
    return page


def _worker_megabytes() -> int:
    """Let a worker import photos and scans, and read some of them. Return its peak resident memory in MB."""
    with tempfile.TemporaryDirectory() as folder, stack():
        from batches.models import UploadBatch  # noqa: PLC0415 (Django must be set up first)
        from bench import rows  # noqa: PLC0415

        files = []
        for number in range(SCANS):
            files.append(Path(folder) / f"{number}.png")
            page = _draw_page((1448, 2048))
            ImageDraw.Draw(page).text((20, 20), str(number), fill="black")  # so that no two pages are equal
            page.save(files[-1])
        with workers(1, DJANGO_SETTINGS_MODULE="vuemantics.settings") as group:
            # Text is read in this order, and only until SCANS_READ pictures are done, so the scans come first.
            rows.run_to_completion(rows.store(files + sorted(SAMPLES.glob("*.jpg"))))
            read = UploadBatch.objects.filter(kind="text", successful__gte=SCANS_READ)
            group.wait_for(read.exists, LIMIT_SECONDS)
            return round(max(memory_mb(pid) for pid in group.worker_pids()))


def _share_of_words(text: str) -> float:
    wanted = Counter(" ".join(LINES).split())
    return (wanted & Counter(text.split())).total() / wanted.total()


def _cpu_ms(function: Callable[[], object]) -> float:
    """Return the lowest CPU time of several rounds in ms; other processes can only increase it."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        function()
        times.append((time.process_time() - start) * 1000)
    return min(times)


if __name__ == "__main__":
    main()
