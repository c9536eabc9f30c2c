"""tools.calibrate_queries chooses a calibration by the hits of judged queries, and tests it on a set left out."""

import numpy as np

from bench.quality_scores import Judged
from tools.calibrate_queries import Alternative, Asked, choose, held_out, scores_of
from uploads.analysis.concept_queries import Calibration
from uploads.search.ranking import Candidate

PHRASES = np.zeros(1000, np.float32)
"""A query unlike all phrases needs a cosine of `margin`."""


def asked(cosine: float, *, answerable: bool, nearest: float = 0.0) -> Asked:
    """Return a query with one picture, whose nearest phrase has the cosine `nearest`."""
    phrases = np.append(PHRASES, np.float32(nearest))
    judged = Judged("cat", frozenset("a" if answerable else ""))
    return Asked(judged, [Alternative(phrases, [Candidate(1, cosine, 0.0)])])


def test_scores_depend_on_the_needed_cosine() -> None:
    queries = [asked(0.25, answerable=True), asked(0.19, answerable=True), asked(0.23, answerable=False)]

    assert scores_of(queries, Calibration(0.22, 0)) == {"rejected": 0.5, "false_hits": 1.0}
    assert scores_of(queries, Calibration(0.18, 0)) == {"rejected": 0.0, "false_hits": 1.0}
    assert scores_of(queries, Calibration(0.24, 0)) == {"rejected": 0.5, "false_hits": 0.0}


def test_margin_that_separates_the_queries_is_chosen() -> None:
    chosen = choose({"one": [asked(0.235, answerable=True), asked(0.225, answerable=False)]})

    assert chosen.margin == 0.23


def test_share_is_chosen_if_no_margin_separates_the_queries() -> None:
    queries = [asked(0.2, answerable=True), asked(0.5, answerable=False, nearest=0.8)]

    chosen = choose({"one": queries})

    assert scores_of(queries, chosen) == {"rejected": 0.0, "false_hits": 0.0}
    assert chosen.share * 0.8 > 0.5


def test_scores_within_the_limit_are_preferred_to_a_lower_sum() -> None:
    answerable = [asked(0.3, answerable=True)] * 22 + [asked(0.165, answerable=True)] * 3
    unanswerable = [asked(0.3, answerable=False)] * 3 + [asked(0.165, answerable=False)] * 2
    queries = [*answerable, *unanswerable, *[asked(0.1, answerable=False)] * 20]

    chosen = choose({"one": queries})

    assert scores_of(queries, Calibration(0.16, 0)) == {"rejected": 0, "false_hits": 0.2}
    assert scores_of(queries, chosen) == {"rejected": 0.12, "false_hits": 0.12}


def test_each_set_is_scored_with_the_calibration_chosen_without_it() -> None:
    low = [asked(0.185, answerable=True), asked(0.175, answerable=False)]
    high = [asked(0.235, answerable=True), asked(0.225, answerable=False)]

    found = {name: (chosen.margin, scores) for name, chosen, scores in held_out({"low": low, "high": high})}

    assert found == {
        "low": (0.23, {"rejected": 1.0, "false_hits": 0.0}),
        "high": (0.18, {"rejected": 0.0, "false_hits": 1.0}),
    }
