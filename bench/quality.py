"""Measure how well searches find pictures, given a folder of pictures and a file of judged queries.

Run it with `python -m bench.quality FOLDER QUERIES.json`; without arguments, it uses the sample photos. docs/search.md
describes the format of query files, and how to get the photos for those in this folder. Every picture is processed by
the embedded analyzer, and the queries run as on the search page. The text in pictures is read if
`requirements-ocr.txt` is installed, unless `--without-text` is given. The last line of the output is one JSON object:
`hit_at_1` and `hit_at_3`, the shares of answerable queries with a relevant picture among the first one or three; `map`,
the mean average precision over all pictures, and `map_german`, that of the German queries; `rejected`, the share of
answerable queries without a hit; `false_hits`, the share of unanswerable queries with a hit; and `sibling_in_3`, the
share of pictures with a sibling among the three most similar ones.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from bench.quality_scores import Judged, Outcome, sibling_scores, summarize
from bench.stack import stack
from uploads.analysis.ocr.installed_models import models_folder

SAMPLES = Path(__file__).parent.parent / "samples"
QUERIES = Path(__file__).with_name("queries.json")
MISSES_SHOWN = 20


class JudgedSet(NamedTuple):
    """Pictures, keyed by their names in the judged queries, and groups of names of siblings."""

    paths: Mapping[str, Path]
    queries: Sequence[Judged]
    siblings: Sequence[frozenset[str]]


def main() -> int:
    """Process the pictures, run the queries and print the report. Return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=SAMPLES, help="pictures; subfolders are included")
    parser.add_argument("queries", type=Path, nargs="?", default=QUERIES, help="judged queries")
    parser.add_argument("--without-text", action="store_true", help="do not read the text in the pictures")
    options = parser.parse_args()
    try:
        judged = read_judged_set(options.folder, options.queries)
    except ValueError as error:
        parser.error(str(error))
    print(json.dumps({"bench": "quality"} | _measure(judged, with_text=not options.without_text)))
    return 0


def read_judged_set(folder: Path, queries: Path) -> JudgedSet:
    """Read a file of judged queries for the pictures in `folder`. Raises ValueError if it names other pictures."""
    entries = json.loads(queries.read_text("utf-8"))
    judged = [Judged.from_json(entry) for entry in entries if "query" in entry]
    siblings = [frozenset(entry["siblings"]) for entry in entries if "siblings" in entry]
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    paths = {path.relative_to(folder).as_posix(): path for path in files}
    unknown = frozenset().union(*siblings, *(one.relevant for one in judged)) - paths.keys()
    if unknown:
        raise ValueError(f"These pictures are not in {folder}: {', '.join(sorted(unknown))}")
    return JudgedSet(paths, judged, siblings)


def _measure(judged: JudgedSet, *, with_text: bool) -> dict[str, float]:
    with stack():
        from bench.quality_library import ask, fill_library, find_similar  # noqa: PLC0415 (Django must be set up first)

        reads_text = with_text and models_folder() is not None
        owner_id, names = fill_library(judged.paths, reads_text=reads_text)
        outcomes = [ask(owner_id, names, one) for one in judged.queries]
        similar = find_similar(names, frozenset().union(*judged.siblings))
    _show(outcomes)
    counts = {"pictures": len(names), "queries": len(judged.queries), "reads_text": reads_text}
    return counts | summarize(outcomes) | sibling_scores(judged.siblings, similar)


def _show(outcomes: Sequence[Outcome]) -> None:
    table = Table("Query", "Language", "Hits", "Average precision", "First picture", title="Worst queries")
    worst: Sequence[Any] = sorted(outcomes, key=lambda one: (not one.is_wrong, one.average_precision))
    for one in worst[:MISSES_SHOWN]:
        precision = f"{one.average_precision:.2f}" if one.judged.relevant else "no answer exists"
        table.add_row(one.judged.query, one.judged.language, str(one.hits), precision, (one.ranking or ("",))[0])
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
