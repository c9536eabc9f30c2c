"""Measure the live pages: the delay until a browser shows a finished file, the traffic, the database load and the TTFB.

Run it with `make bench ARGS=progress`; it needs Chromium. The engine's own functions finish batches of 2,000 files at a
steady rate, first with a browser and then with 0, 1, 50 and 200 viewers. The last line of the output is one JSON
object:
- the median and 95th percentile of the time from finishing a file until the page shows it ("commit to DOM"),
- the number of frames that one viewer receives, and the bytes per file,
- the database reads with 200 viewers divided by those with one viewer, after subtracting the reads without viewers,
- the time to first byte (TTFB) of a batch page with 100,000 files, and its ratio to that with 100 files.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from bench.stack import stack

if TYPE_CHECKING:
    from bench.live_rounds import ViewerCost

VIEWERS = (0, 1, 50, 200)


def main() -> None:
    with stack():
        from bench import live_rounds as rounds  # noqa: PLC0415 (Django must be set up first)
        from bench.site import session_of, site  # noqa: PLC0415

        if not Path(rounds.CHROMIUM).exists():
            raise SystemExit(f"No browser at {rounds.CHROMIUM}. Set CHROMIUM to its path.")
        session = session_of("bench")
        with site() as served:
            delays = rounds.browser_delays(served, session)
            costs = [rounds.measure_viewers(viewers, served, session) for viewers in VIEWERS]
            first_bytes = rounds.first_bytes(served, session)
    none, one, *_, most = costs
    ratio = (most.reads - none.reads) / max(one.reads - none.reads, 1)
    show(delays, costs, ratio, first_bytes)
    figures = {
        "dom_p50_ms": round(percentile(delays, 50)),
        "dom_p95_ms": round(percentile(delays, 95)),
        "frames": one.frames,
        "bytes_per_file": round(one.size / rounds.FILES, 1),
        "reads_ratio_200_viewers": round(ratio, 2),
        "ttfb_100k_ms": round(first_bytes[-1], 1),
        "ttfb_ratio": round(first_bytes[-1] / first_bytes[0], 2),
    }
    print(json.dumps({"bench": "progress", **figures}))


def percentile(values: Sequence[float], percent: int) -> float:
    return quantiles(values, n=100)[percent - 1]


def show(delays: Sequence[float], costs: Sequence["ViewerCost"], ratio: float, first_bytes: Sequence[float]) -> None:
    table = Table("viewers", "frames", "bytes", "reads", "server CPU s", title=f"A batch of {len(delays):,} files")
    for cost in costs:
        cells = (cost.viewers, cost.frames, cost.size, cost.reads - costs[0].reads)
        table.add_row(*(f"{cell:,}" for cell in cells), f"{cost.cpu:.1f}")
    Console().print(table)
    table = Table("", "", title="Latency")
    table.add_row("commit to DOM, median", f"{percentile(delays, 50):.0f} ms")
    table.add_row("commit to DOM, 95 %", f"{percentile(delays, 95):.0f} ms")
    table.add_row("commit to DOM, maximum", f"{max(delays):.0f} ms")
    table.add_row("reads, 200 viewers against one", f"{ratio:.2f}")
    table.add_row("first byte, 100 rows", f"{first_bytes[0]:.1f} ms")
    table.add_row("first byte, 100,000 rows", f"{first_bytes[-1]:.1f} ms")
    Console().print(table)


if __name__ == "__main__":
    main()
