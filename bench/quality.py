"""Measure how well searches find pictures, given a folder of pictures and a file of judged queries.

Run it with `python -m bench.quality FOLDER QUERIES.json`; without arguments, it uses the sample photos. docs/search.md
describes the file, and where to get the photos for `bench/wallpaper_queries.json`. Every picture is processed by the
embedded analyzer, and the queries run as on the search page. The last line of the output is one JSON object: `hit_at_1`
and `hit_at_3`, the shares of answerable queries with a relevant picture among the first one or three; `map`, the mean
average precision over all pictures; `rejected`, the share of answerable queries without a hit; and `false_hits`, the
share of unanswerable queries with a hit.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.quality_scores import Judged, Outcome, summarize
from bench.stack import stack

SAMPLES = Path(__file__).parent.parent / "samples"
QUERIES = Path(__file__).with_name("queries.json")
MISSES_SHOWN = 20


def main() -> int:
    """Process the pictures, run the queries and print the report. Return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=SAMPLES, help="pictures; subfolders are included")
    parser.add_argument("queries", type=Path, nargs="?", default=QUERIES, help="judged queries")
    options = parser.parse_args()
    judged = [Judged.from_json(entry) for entry in json.loads(options.queries.read_text("utf-8"))]
    paths = sorted(path for path in options.folder.rglob("*") if path.is_file())
    unknown = {name for one in judged for name in one.relevant} - {_name(options.folder, path) for path in paths}
    if unknown:
        parser.error(f"These pictures are not in {options.folder}: {', '.join(sorted(unknown))}")
    with stack():
        from bench.quality_library import ask, fill_library  # noqa: PLC0415 (models exist only after the set-up)

        owner_id, names = fill_library({_name(options.folder, path): path for path in paths})
        outcomes = [ask(owner_id, names, one) for one in judged]
    _show(outcomes)
    print(json.dumps({"bench": "quality", "pictures": len(names), "queries": len(judged)} | summarize(outcomes)))
    return 0


def _name(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()


def _show(outcomes: Sequence[Outcome]) -> None:
    table = Table("Query", "Language", "Hits", "Average precision", "First picture", title="Worst queries")
    worst: Sequence[Any] = sorted(outcomes, key=lambda one: (not one.is_wrong, one.average_precision))
    for one in worst[:MISSES_SHOWN]:
        precision = f"{one.average_precision:.2f}" if one.judged.relevant else "no answer exists"
        table.add_row(one.judged.query, one.judged.language, str(one.hits), precision, (one.ranking or ("",))[0])
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
