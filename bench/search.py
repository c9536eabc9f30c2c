"""Measure search in a library of 1,000,000 pictures, for owners of 1 %, 10 % and 80 % of them.

Run it with `make bench ARGS=search`, or `python -m bench.search 100000` for a quick run. The vectors are generated from
the shipped vocabulary (bench/search_data.py). Recall is measured for the ten nearest vectors, compared with an exact
scan; if several vectors are equally near, any of them counts. The last line of the output is one JSON object.
`p95_ms` and `recall_at_10` are for words alone, `p95_filtered_ms` and `recall_filtered` for words with filters, and
`p95_dated_ms` and `recall_dated` for words with a date filter that the owner's pictures match; each of these six is the
worst value of any owner, and `owners` contains the values for each owner. `p95_8_clients_ms` is for 8 clients that
search at once. Times are for a whole page of results.
"""

import gc
import json
import multiprocessing
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import django
from rich.console import Console
from rich.table import Table

from bench.stack import stack

if TYPE_CHECKING:  # this module imports models, so Django must be set up first
    from bench.search_load import Figures

PICTURES = 1_000_000
CLIENTS = 8


def main() -> None:
    pictures = int(sys.argv[1]) if len(sys.argv) > 1 else PICTURES
    with stack():
        from bench import search_load as load  # noqa: PLC0415 (Django must be set up first)
        from bench.search_data import fill_library  # noqa: PLC0415

        console = Console()
        started = time.perf_counter()
        owners = fill_library(pictures)
        console.print(f"Inserted {pictures:,} pictures in {time.perf_counter() - started:.0f} s.")
        console.print(f"The database has {load.database_mebibytes():,.0f} MiB.")
        build_seconds, mebibytes = load.build_indexes()
        console.print(f"Built the indexes in {build_seconds:.0f} s; they have {mebibytes:.0f} MiB.")
        found = [load.measure(name, id, kind) for name, id in owners.items() for kind in load.KINDS]
        crowded = load.percentile([one for times in run_clients(list(owners.values())) for one in times], 95)
    show(console, found, crowded)
    print(json.dumps({"bench": "search", "pictures": pictures} | summarize(found, crowded, build_seconds, mebibytes)))


def run_clients(owner_ids: Sequence[int]) -> list[list[float]]:
    """Run CLIENTS processes that search at the same time, each for one owner; return their times in ms."""
    from bench.search_load import client  # noqa: PLC0415 (Django must be set up first)

    with multiprocessing.get_context("spawn").Pool(CLIENTS, set_up) as pool:
        jobs = [(owner_ids[number % len(owner_ids)], number) for number in range(CLIENTS)]
        pool.starmap(client, jobs, chunksize=1)  # warm up first
        return pool.starmap(client, jobs, chunksize=1)


def set_up() -> None:
    """Set up Django in a process of `run_clients`. It inherits the stack's settings through environment variables.

    Garbage collection skips what was loaded so far, as in the web server.
    """
    django.setup()
    gc.collect()
    gc.freeze()


def summarize(
    found: "list[Figures]", crowded: float, build_seconds: float, mebibytes: float
) -> dict[str, float | dict[str, dict[str, float]]]:
    """Return the figures for the JSON object."""
    suffixes = {"plain": ("ms", "at_10"), "filtered": ("filtered_ms", "filtered"), "dated": ("dated_ms", "dated")}
    worst: dict[str, float] = {}
    owners: dict[str, dict[str, float]] = {}
    for one in found:
        time_key, recall_key = (
            f"{name}_{suffix}" for name, suffix in zip(("p95", "recall"), suffixes[one.kind], strict=True)
        )
        owners.setdefault(one.owner, {}).update({time_key: round(one.p95, 1), recall_key: round(one.recall, 3)})
        worst[time_key] = max(worst.get(time_key, 0.0), round(one.p95, 1))
        worst[recall_key] = min(worst.get(recall_key, 1.0), round(one.recall, 3))
    return {
        **worst,
        "p95_8_clients_ms": round(crowded, 1),
        "index_build_s": round(build_seconds),
        "index_mib": round(mebibytes),
        "owners": owners,
    }


def show(console: Console, found: "list[Figures]", crowded: float) -> None:
    table = Table("Owner", "Queries", "p50 ms", "p95 ms", "recall@10", title="Search")
    for one in found:
        table.add_row(one.owner, one.kind, f"{one.p50:.1f}", f"{one.p95:.1f}", f"{one.recall:.3f}")
    console.print(table)
    console.print(f"{CLIENTS} clients at once: p95 {crowded:.0f} ms")


if __name__ == "__main__":
    main()
