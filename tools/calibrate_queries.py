"""Choose how far queries are scaled for the embedded analyzer; see concept_queries.Calibration.

    python -m tools.calibrate_queries --set FOLDER QUERIES.json [--set FOLDER QUERIES.json ...]

Each set consists of a folder of pictures and a file of judged queries, as for bench.quality. In each set, at most LIMIT
of the answerable queries should have no hit, and at most LIMIT of the unanswerable queries should have one. For each
set, this prints the calibration that comes closest to this goal in all other sets, with its scores in this set, for
which it was not chosen. The last line is the calibration that comes closest to the goal in all sets, with its scores.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench.quality import JudgedSet, read_judged_set
from bench.quality_scores import Judged, Outcome, summarize
from bench.stack import stack
from uploads.analysis.concept_queries import Calibration, ConceptQueries
from uploads.analysis.model_files import Floats
from uploads.analysis.ocr.installed_models import models_folder
from uploads.analysis.vocabulary import load_vocabulary
from uploads.search.ranking import Candidate, Found, rank_alternatives

GRID = [Calibration(margin / 100, share / 100) for margin in range(16, 27) for share in (0, *range(60, 78, 2))]
"""The calibrations to compare. Those with a share of 0 use only the margin."""

LIMIT = 0.15


class Alternative(NamedTuple):
    """An alternative of a query: its cosines with all phrases, and candidates with cosines that are not scaled."""

    phrases: Floats
    candidates: Sequence[Candidate]


class Asked(NamedTuple):
    """A judged query with the candidates that it finds."""

    judged: Judged
    alternatives: Sequence[Alternative]

    def outcome(self, calibration: Calibration) -> Outcome:
        """Return the outcome with this calibration, without the names of the pictures."""
        scaled = []
        for phrases, candidates in self.alternatives:
            factor = ConceptQueries.hit_fit / calibration.needed_cosine(phrases)
            scaled.append(Found([replace(one, cosine=one.cosine * factor) for one in candidates]))
        return Outcome(self.judged, (), len(rank_alternatives(scaled, ConceptQueries.hit_fit).hits))


Sets = Mapping[str, Sequence[Asked]]
"""The judged queries of each set, keyed by its name."""


def main() -> int:
    """Process the pictures of all sets, and print the calibrations. Return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--set", type=Path, nargs=2, action="append", required=True, metavar=("FOLDER", "QUERIES.json"), dest="sets"
    )
    try:
        sets = {str(queries): read_judged_set(folder, queries) for folder, queries in parser.parse_args().sets}
    except ValueError as error:
        parser.error(str(error))
    asked = _ask_all(sets)
    if len(asked) > 1:
        for name, chosen, scores in held_out(asked):
            print(f"Chosen without {name}: {chosen}; its scores: {scores}")
    best = choose(asked)
    print(f"Chosen with all sets: {best}; its scores: {[scores_of(one, best) for one in asked.values()]}")
    return 0


def held_out(sets: Sets) -> Iterator[tuple[str, Calibration, Mapping[str, float]]]:
    """Yield the name of each set, the calibration chosen with the other sets, and its scores in this set."""
    for name, asked in sets.items():
        chosen = choose({other: sets[other] for other in sets if other != name})
        yield name, chosen, scores_of(asked, chosen)


def choose(sets: Sets) -> Calibration:
    """Return the calibration of GRID that exceeds LIMIT the least, and of those, the one with the lowest scores."""

    def error(calibration: Calibration) -> tuple[float, float]:
        scores = [score for asked in sets.values() for score in scores_of(asked, calibration).values()]
        return round(sum(max(0.0, score - LIMIT) for score in scores), 3), sum(scores)

    return min(GRID, key=error)


def scores_of(asked: Sequence[Asked], calibration: Calibration) -> Mapping[str, float]:
    """Return the shares of answerable queries without a hit and of unanswerable queries with one."""
    scores = summarize([one.outcome(calibration) for one in asked])
    return {name: scores[name] for name in ("rejected", "false_hits") if name in scores}


def _ask_all(sets: Mapping[str, JudgedSet]) -> Sets:
    with stack():
        from bench.quality_library import fill_library  # noqa: PLC0415 (needs the set-up)

        reads_text = models_folder() is not None
        asked = {}
        for name, judged in sets.items():
            owner_id, _ = fill_library(judged.paths, reads_text=reads_text, username=name)
            asked[name] = [_ask(owner_id, one) for one in judged.queries]
        return asked


def _ask(owner_id: int, judged: Judged) -> Asked:
    from bench.quality_library import interpret_judged  # noqa: PLC0415 (needs the set-up)
    from uploads.search.candidates import find_candidates  # noqa: PLC0415
    from uploads.search.encoders import owner_encoders  # noqa: PLC0415

    [encoder] = owner_encoders(owner_id)
    query = interpret_judged(owner_id, judged)
    alternatives = []
    for terms in query.alternatives:
        vector = np.array(encoder.embed_query(" ".join(term.wording for term in terms)).numbers, np.float32)
        length = float(np.linalg.norm(vector))
        [found] = find_candidates(owner_id, replace(query, alternatives=(terms,)), encoder)
        unscaled = [replace(one, cosine=one.cosine / length) for one in found.candidates]
        alternatives.append(Alternative(load_vocabulary().vectors @ (vector / length), unscaled))
    return Asked(judged, alternatives)


if __name__ == "__main__":
    sys.exit(main())
