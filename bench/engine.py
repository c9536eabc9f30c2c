"""What the engine itself costs: a pipeline that does nothing, real workers, 1,000 and 20,000 files.

Run it by `make bench ARGS=engine`. The last line is one JSON object: processor time of all processes (workers,
PostgreSQL, Redis) in ms a file and files a second at the larger size, and the cost there against the smaller one.
"""

import json
import sys
from statistics import median

from rich.console import Console
from rich.table import Table

from bench.stack import cpu_seconds, stack, workers

SIZES = (1_000, 20_000)
ROUNDS = 3


def main() -> None:
    """Measure every size ROUNDS times in turn and print the medians."""
    sizes = [int(size) for size in sys.argv[1:]] or list(SIZES)
    with stack() as services:
        from bench import rows  # noqa: PLC0415 (models exist only after the set-up)

        servers = [child.pid for child in (services.postgres.child, services.redis.child) if child is not None]
        costs: dict[int, list[float]] = {size: [] for size in sizes}
        rates: dict[int, list[float]] = {size: [] for size in sizes}
        with workers(VUEMANTICS_PROCESSOR="bench.noop.process") as pid:
            for _ in range(ROUNDS):
                for size in sizes:
                    batch_id = rows.fill(size)
                    before = cpu_seconds(pid, *servers)
                    seconds = rows.work_off(batch_id)
                    costs[size].append((cpu_seconds(pid, *servers) - before) * 1000 / size)
                    rates[size].append(size / seconds)
    report(costs, rates)


def report(costs: dict[int, list[float]], rates: dict[int, list[float]]) -> None:
    """Print the table and the JSON line."""
    table = Table("files", "CPU ms a file", "files a second", title="Engine, no-op pipeline, 2 processes of 4 threads")
    for size, cost in costs.items():
        table.add_row(f"{size:,}", f"{median(cost):.2f}", f"{median(rates[size]):,.0f}")
    Console().print(table)
    small, large = min(costs), max(costs)
    figures = {
        "bench": "engine",
        "cpu_ms_per_file": round(median(costs[large]), 3),
        "files_per_s": round(median(rates[large])),
        "flat_ratio": round(median(costs[large]) / median(costs[small]), 3),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
