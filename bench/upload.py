"""Measure uploads: many small files, one large file, many slow clients, and a gigabyte from an anonymous client.

Run it with `make bench ARGS=upload` or `python -m bench.upload --files 5000`. The same asyncio client also sends the
files to a minimal asyncio server (bench.sink) that discards them. The difference shows the cost of the real server.
Memory growth is the web process's peak memory minus its memory before the measurement, in MiB. The last line of the
output is one JSON object.
"""

import argparse
import asyncio
import json
from dataclasses import dataclass, replace
from statistics import median

from rich.console import Console
from rich.table import Table

from bench.stack import cpu_seconds, sink, stack, web
from bench.tus_client import Target, extensions
from bench.upload_runs import MIB, Memory, latency_beside_slow, post_without_session, rate, throughput

WARM_UP = 100
SLOW_USERS = 10
ANONYMOUS_BYTES = 10**9
Figures = dict[str, float]


@dataclass(frozen=True)
class Servers:
    """Both servers, and the process ids of the web server, PostgreSQL and Redis, whose CPU time is measured."""

    real: Target
    bare: Target
    pid: int
    database_pids: list[int]

    def target(self, username: str = "bench") -> Target:
        """Create a batch for the user, and return the target for uploading to it on the real server."""
        from bench import people  # noqa: PLC0415 (Django must be set up first)

        return replace(self.real, cookie=people.sign_in(username), batch_id=people.new_batch(username))


def main() -> None:
    options = arguments()
    with stack() as services, web() as (port, pid), sink() as bare_port:
        from bench import people  # noqa: PLC0415 (Django must be set up first)

        with_upload = "creation-with-upload" in asyncio.run(extensions(Target(port)))
        real = Target(port, people.sign_in(), with_upload=with_upload)
        processes = (services.postgres.process, services.redis.process)
        database_pids = [process.pid for process in processes if process is not None]
        servers = Servers(real, replace(real, port=bare_port), pid, database_pids)
        rate(servers.target(), "warm-up", WARM_UP, options.kb * 1000, options.lanes)
        figures = small_files(servers, options) | large_file(servers, options.large_mib * MIB)
        figures |= slow_clients(servers, options) | anonymous_upload(servers)
    report(options, figures, "POST" if with_upload else "POST and PATCH")


def arguments() -> argparse.Namespace:
    """Parse the command line. The defaults take two or three minutes on two cores."""
    parser = argparse.ArgumentParser(prog="python -m bench.upload")
    parser.add_argument("--files", type=int, default=1000, help="small files per round")
    parser.add_argument("--kb", type=int, default=50, help="size of a small file")
    parser.add_argument("--lanes", type=int, default=4, help="parallel connections")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--large-mib", type=int, default=1024, help="size of the large file")
    parser.add_argument(
        "--slow", type=int, default=90, help="slow clients; the server allows 100 connections per address"
    )
    parser.add_argument("--slow-seconds", type=float, default=10)
    return parser.parse_args()


def small_files(servers: Servers, options: argparse.Namespace) -> Figures:
    """Send small files alternately to the real and bare servers, so that changes in the machine's speed affect both."""
    real, bare, web_ms, servers_ms = [], [], [], []
    memory = Memory(servers.pid)
    for round_number in range(options.rounds):
        target, web_before, servers_before = (
            servers.target(),
            cpu_seconds(servers.pid),
            cpu_seconds(*servers.database_pids),
        )
        real.append(rate(target, f"round-{round_number}", options.files, options.kb * 1000, options.lanes))
        web_ms.append((cpu_seconds(servers.pid) - web_before) * 1000 / options.files)
        servers_ms.append((cpu_seconds(*servers.database_pids) - servers_before) * 1000 / options.files)
        bare.append(rate(servers.bare, f"round-{round_number}", options.files, options.kb * 1000, options.lanes))
    return {
        "files_per_s": round(median(real), 1),
        "sink_files_per_s": round(median(bare), 1),
        "ratio_to_sink": round(median(one / other for one, other in zip(real, bare, strict=True)), 3),
        "web_cpu_ms_per_file": round(median(web_ms), 2),
        "servers_cpu_ms_per_file": round(median(servers_ms), 2),
        "small_rss_growth_mb": round(memory.grown(), 1),
    }


def large_file(servers: Servers, size: int) -> Figures:
    bare = throughput(servers.bare, size)
    target, memory = servers.target(), Memory(servers.pid)
    real = throughput(target, size)
    return {
        "mb_per_s": round(real, 1),
        "sink_mb_per_s": round(bare, 1),
        "rss_growth_mb": round(memory.grown(), 1),
    }


def slow_clients(servers: Servers, options: argparse.Namespace) -> Figures:
    """Measure the latency of small files, first with no other clients and then with many slow clients connected.

    The slow clients belong to other users, because the server limits the requests that one user has in progress.
    """
    alone, _longest = latency_beside_slow(servers.target(), (), options.slow_seconds / 2, options.kb * 1000)
    slow = [servers.target(f"slow {number % SLOW_USERS}") for number in range(options.slow)]
    target, memory = servers.target(), Memory(servers.pid)
    beside, longest = latency_beside_slow(target, slow, options.slow_seconds, options.kb * 1000)
    return {
        "alone_ms": round(alone, 1),
        "beside_slow_ms": round(beside, 1),
        "beside_slow_longest_ms": round(longest, 1),
        "slow_rss_growth_mb": round(memory.grown(), 1),
    }


def anonymous_upload(servers: Servers) -> Figures:
    """POST a gigabyte without a session, first to the tus endpoint and then to the upload form."""
    memory = Memory(servers.pid)
    answers = [post_without_session(servers.real, path, ANONYMOUS_BYTES) for path in ("/tus/", "/batches/new/")]
    if {status for status, _sent in answers} != {413}:
        raise SystemExit(f"A gigabyte without a session was answered with {answers}.")
    return {
        "refused_after_mb": round(max(sent for _status, sent in answers), 1),
        "refused_rss_growth_mb": round(memory.grown(), 1),
    }


def report(options: argparse.Namespace, figures: Figures, method: str) -> None:
    table = Table("", "server", "bare sink", "memory of the web process", title=f"Uploads over loopback, {method}")
    small = f"{options.files:,} files of {options.kb} kB, {options.lanes} lanes"
    cost = f"{figures['web_cpu_ms_per_file']} ms CPU per file, database and Redis {figures['servers_cpu_ms_per_file']}"
    grown = {name: f"+{figures[f'{name}_mb']} MiB" for name in ("small_rss_growth", "rss_growth", "slow_rss_growth")}
    table.add_row(
        small, f"{figures['files_per_s']} per second", f"{figures['sink_files_per_s']}", grown["small_rss_growth"]
    )
    table.add_row("", cost, "", "")
    table.add_row(
        f"one of {options.large_mib} MiB",
        f"{figures['mb_per_s']} MB/s",
        f"{figures['sink_mb_per_s']}",
        grown["rss_growth"],
    )
    table.add_row("a small file alone", f"{figures['alone_ms']} ms", "", "")
    beside = f"{figures['beside_slow_ms']} ms, longest {figures['beside_slow_longest_ms']}"
    table.add_row(f"beside {options.slow} slow clients", beside, "", grown["slow_rss_growth"])
    refusal = f"413 after {figures['refused_after_mb']} MiB"
    table.add_row("1 GB without a session", refusal, "", f"+{figures['refused_rss_growth_mb']} MiB")
    Console().print(table)
    print(json.dumps({"bench": "upload", **figures}))


if __name__ == "__main__":
    main()
