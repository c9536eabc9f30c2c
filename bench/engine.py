"""Measure the engine's own cost with real workers, a pipeline that does nothing, and 1,000 to 100,000 files.

Run it with `make bench ARGS=engine` or `python -m bench.engine 1000 10000 100000`. The last line of the output is one
JSON object. For the largest size, it contains the CPU time per file in ms (workers, PostgreSQL and Redis), the files
per second, and the ratio of this CPU time to that for the smallest size. It also contains the results of
bench.newcomer and bench.recovery, and the CPU use of an idle stack.
"""

import json
import sys
import time
from collections.abc import Sequence
from statistics import median

from rich.console import Console
from rich.table import Table

from bench.stack import cpu_seconds, stack, workers

SIZES = (1_000, 20_000, 100_000)
ROUNDS = 2
MIN_FILES = 20_000
KILLS = 20
IDLE_SECONDS = 10.0
BOOT_SECONDS = 3.0
Figures = dict[str, float]


def main() -> None:
    sizes = [int(size) for size in sys.argv[1:]] or list(SIZES)
    with stack() as services:
        from bench import newcomer, recovery  # noqa: PLC0415 (Django must be set up first)

        servers = [server.pid for server in (services.postgres.process, services.redis.process) if server is not None]
        with workers(BENCH_PROCESSOR="bench.noop.process") as group:
            pids = [*group.pids, *servers]
            idle = idle_percent(*pids)
            costs, rates = measure_sizes(sizes, pids)
            waits = [newcomer.behind_many(), newcomer.beside_many()]
        one, every = (recovery.recoveries(KILLS, kill) for kill in (recovery.kill_one, recovery.kill_all))
    show_sizes(costs, rates)
    recoveries = {"one of two": one.resumed, "one of two, until replaced": one.replaced, "all": every.resumed}
    show_rest(idle, waits, recoveries)
    figures = cost_figures(costs, rates) | rest_figures(idle, waits, *recoveries.values())
    print(json.dumps({"bench": "engine"} | figures))


def idle_percent(*pids: int) -> float:
    """Return the CPU use of the idle processes `pids` and their children, in percent of one core."""
    time.sleep(BOOT_SECONDS)
    before = cpu_seconds(*pids)
    time.sleep(IDLE_SECONDS)
    return (cpu_seconds(*pids) - before) * 100 / IDLE_SECONDS


def measure_sizes(sizes: Sequence[int], pids: list[int]) -> tuple[dict[int, list[float]], dict[int, list[float]]]:
    """Measure all sizes in each of ROUNDS rounds. Return the CPU ms per file and the files per second, keyed by size.

    Each measurement processes about MIN_FILES files, or one whole batch if that is larger. Small sizes are measured
    over several batches, because a single small batch finishes too quickly to time.
    """
    from bench import rows  # noqa: PLC0415 (Django must be set up first)

    costs: dict[int, list[float]] = {size: [] for size in sizes}
    rates: dict[int, list[float]] = {size: [] for size in sizes}
    for _ in range(ROUNDS):
        for size in sizes:
            batches = [rows.fill(size) for _ in range(max(1, MIN_FILES // size))]
            before = cpu_seconds(*pids)
            seconds = sum(rows.run_to_completion(batch_id) for batch_id in batches)
            files = size * len(batches)
            costs[size].append((cpu_seconds(*pids) - before) * 1000 / files)
            rates[size].append(files / seconds)
    return costs, rates


def show_sizes(costs: dict[int, list[float]], rates: dict[int, list[float]]) -> None:
    title = "Engine, no-op pipeline, 2 processes of 4 threads"
    table = Table("files", "CPU ms per file", "files per second", title=title)
    for size, cost in costs.items():
        table.add_row(f"{size:,}", f"{median(cost):.2f}", f"{median(rates[size]):,.0f}")
    Console().print(table)


def show_rest(idle: float, waits: Sequence[float], recoveries: dict[str, list[float]]) -> None:
    table = Table("", "", title="Engine, waiting times")
    table.add_row("3 files behind 100,000 of another owner", f"{waits[0]:.2f} s")
    table.add_row("3 files beside 100 batches of others", f"{waits[1]:.2f} s")
    for killed, seconds in recoveries.items():
        text = f"{median(seconds):.1f} s, longest {max(seconds):.1f} s"
        table.add_row(f"work resumed after kill -9 of {killed}, median of {len(seconds)}", text)
    table.add_row("idle workers, PostgreSQL and Redis, of one core", f"{idle:.2f} %")
    Console().print(table)


def cost_figures(costs: dict[int, list[float]], rates: dict[int, list[float]]) -> Figures:
    """Return the figures for the largest size, keyed as in the JSON line."""
    small, large = min(costs), max(costs)
    return {
        "cpu_ms_per_file": round(median(costs[large]), 3),
        "files_per_s": round(median(rates[large])),
        "flat_ratio": round(median(costs[large]) / median(costs[small]), 3),
    }


def rest_figures(
    idle: float, waits: Sequence[float], one: Sequence[float], replaced: Sequence[float], every: Sequence[float]
) -> Figures:
    """Return the rest of the JSON line: waiting times, recovery times and idle CPU use, keyed by name."""
    return {
        "recovery_s_median": round(median(one), 2),
        "recovery_s_max": round(max(one), 2),
        "replaced_s_median": round(median(replaced), 2),
        "recovery_all_s_median": round(median(every), 2),
        "recovery_all_s_max": round(max(every), 2),
        "newcomer_s": round(max(waits), 2),
        "idle_cpu_percent": round(idle, 2),
    }


if __name__ == "__main__":
    main()
