"""The scores of bench.quality: hit@k, mean average precision, rejected queries, false hits and found siblings."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any


@dataclass(frozen=True, slots=True)
class Judged:
    """A query and the names of the relevant pictures, if any. Rankings leave out the `ignored` pictures."""

    query: str
    relevant: frozenset[str]
    ignored: frozenset[str] = frozenset()
    language: str = "en"

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> "Judged":
        relevant, ignored = (frozenset(entry.get(key, ())) for key in ("relevant", "ignored"))
        return cls(entry["query"], relevant, ignored, entry.get("language", "en"))


@dataclass(frozen=True, slots=True)
class Outcome:
    """The names of the pictures as ranked for a query, without ignored ones, and the number of hits."""

    judged: Judged
    ranking: tuple[str, ...]
    hits: int

    @property
    def average_precision(self) -> float:
        """The mean precision at the ranks of the relevant pictures. A relevant picture without a rank counts as 0."""
        ranks = [rank for rank, name in enumerate(self.ranking, 1) if name in self.judged.relevant]
        return sum(found / rank for found, rank in enumerate(ranks, 1)) / max(1, len(self.judged.relevant))

    @property
    def is_wrong(self) -> bool:
        """Whether an answerable query has no hit or a wrong first hit, or an unanswerable query has a hit."""
        return not (self.hits and self.found_in(1)) if self.judged.relevant else self.hits > 0

    def found_in(self, first: int) -> bool:
        """Return whether a relevant picture is among the first `first` pictures."""
        return any(name in self.judged.relevant for name in self.ranking[:first])


def summarize(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Return the scores, keyed by name. A score is left out if no query counts towards it."""
    answerable = [one for one in outcomes if one.judged.relevant]
    german = [one for one in answerable if one.judged.language == "de"]
    unanswerable = [one for one in outcomes if not one.judged.relevant]
    scores: dict[str, list[float]] = {
        "hit_at_1": [one.found_in(1) for one in answerable],
        "hit_at_3": [one.found_in(3) for one in answerable],
        "map": [one.average_precision for one in answerable],
        "map_german": [one.average_precision for one in german],
        "rejected": [not one.hits for one in answerable],
        "false_hits": [one.hits > 0 for one in unanswerable],
    }
    return {name: round(fmean(values), 3) for name, values in scores.items() if values}


def sibling_scores(groups: Sequence[frozenset[str]], similar: Mapping[str, Collection[str]]) -> dict[str, float]:
    """Return `sibling_in_3`: the share of pictures in `groups` with a sibling among the most similar pictures.

    The pictures of a group show the same thing. `similar` contains the three pictures most similar to each picture.
    Without groups, the score is left out.
    """
    found = [bool((group - {name}).intersection(similar[name])) for group in groups for name in group]
    return {"sibling_in_3": round(fmean(found), 3)} if found else {}
