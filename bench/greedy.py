"""Put load on the site with slow and greedy clients of one user, and measure another user's pages and uploads.

The load consists of 100 downloads that are never read, 1,000 connections that send one byte per second, and 30 clients
that send bulk requests without pauses. The bench prints the response times of the other user's pages before and during
the load. The last line of the output is one JSON object. The bench takes about a minute.
"""

import json
import resource
from collections.abc import Mapping
from statistics import median, quantiles

from bench.greedy_load import DRIBBLING, GREEDY, STALLED
from bench.stack import stack

CALM_SECONDS, LOAD_SECONDS = 5, 30
PAGE_LIMIT_MS = 500


def main() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with stack():
        from bench import greedy_rounds as rounds  # noqa: PLC0415 (Django must be set up first)
        from bench.site import session_of, site  # noqa: PLC0415

        with site() as served:
            greedy, anna = session_of("greedy"), session_of("anna")
            pages = ["/batches/", "/library/", f"/batches/{rounds.new_batch('anna')}/"]
            calm = rounds.measure(served, anna, pages, CALM_SECONDS)
            with rounds.load(served, greedy) as counts, rounds.uploads(served, anna) as sent:
                busy = rounds.measure(served, anna, pages, LOAD_SECONDS)
    print_result(calm, busy, sent, counts)


def print_result(calm: list[float], busy: list[float], sent: Mapping[str, int], counts: Mapping[str, object]) -> None:
    result = {
        "clients": {"stalled": STALLED, "dribbling": DRIBBLING, "greedy": GREEDY},
        "page_p95_ms_before": round(p95(calm), 1),
        "page_p50_ms": round(median(busy), 1),
        "page_p95_ms": round(p95(busy), 1),
        "pages": len(busy),
        "uploads": sent["ok"],
        "uploads_failed": sent["failed"],
        **counts,
    }
    for name, value in result.items():
        print(f"{name:>20}  {value}")
    passed = p95(busy) <= PAGE_LIMIT_MS and sent["ok"] > 0 and not sent["failed"]
    print(json.dumps({"bench": "greedy", "passed": passed, **result}))


def p95(times: list[float]) -> float:
    return quantiles(times, n=20)[-1]


if __name__ == "__main__":
    main()
