"""Rank candidates, and decide which of them are hits. Pure functions only.

A picture's fit is the cosine of its vector and the query's vector, times the length of the query's vector, plus 0.2 if
its text contains all words of the query, or else 0.15 times the share of the words that it contains. The weights and
the thresholds were chosen by measurements; see docs/search.md.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

ALL_WORDS_WEIGHT = 0.2
# Less, because some of the words can mean something else: a tree is not a Christmas tree.
SOME_WORDS_WEIGHT = 0.15
LEAST_SHARE_OF_HIT_FIT = 0.682
LEAST_SHARE_OF_BEST = 0.75
MAX_CLOSEST = 6
# Cormack et al. 2009, "Reciprocal rank fusion outperforms Condorcet and individual rank learning methods".
RANK_OFFSET = 60


@dataclass(frozen=True, slots=True)
class Candidate:
    """A picture that may match a query.

    `cosine` is the cosine of the picture's and the query's vector, times the length of the query's vector. `words` is
    the share of the query's words that occur in the picture's text, 0 to 1.
    """

    upload_id: int
    cosine: float
    words: float

    @property
    def fit(self) -> float:
        """How well the picture matches the query."""
        return self.cosine + (ALL_WORDS_WEIGHT if self.words >= 1 else SOME_WORDS_WEIGHT) * self.words


@dataclass(frozen=True, slots=True)
class Found:
    """The candidates for one alternative of a query, each picture once.

    `nearest` are the ids of the pictures with the nearest vectors if more vectors were not looked at, else empty. If
    `more_words`, more pictures contain all words.
    """

    candidates: Sequence[Candidate]
    nearest: frozenset[int] = frozenset()
    more_words: bool = False


@dataclass(frozen=True, slots=True)
class Ranking:
    """The hits, best first. If there are none, `closest` has up to MAX_CLOSEST pictures that are almost hits.

    If `more`, there are probably more hits than could be found.
    """

    hits: tuple[Candidate, ...]
    closest: tuple[Candidate, ...]
    more: bool = False


def least_fit(hit_fit: float) -> float:
    """Return the minimum fit of hits and closest pictures found by appearance, for a model with this `hit_fit`."""
    return LEAST_SHARE_OF_HIT_FIT * hit_fit


def rank(candidates: Iterable[Candidate], hit_fit: float) -> Ranking:
    """Rank candidates. A picture whose text contains all words is always a hit.

    If the best fit is at least `hit_fit`, all pictures whose fit reaches both least_fit() and LEAST_SHARE_OF_BEST of
    the best fit are hits too. If there are no hits, the closest pictures are those whose fit reaches least_fit() or
    whose text contains some of the words. If a picture occurs several times, only its best candidate counts.
    """
    ordered = _best_first(candidates)
    complete = {one.upload_id for one in ordered if one.words >= 1}
    found = bool(ordered) and ordered[0].fit >= hit_fit
    least = least_fit(hit_fit)
    needed = max(least, LEAST_SHARE_OF_BEST * ordered[0].fit) if found else None
    hits = tuple(one for one in ordered if one.upload_id in complete or (needed is not None and one.fit >= needed))
    near = [one for one in ordered if one.words > 0 or one.fit >= least]
    return Ranking(hits, () if hits else tuple(near[:MAX_CLOSEST]))


def rank_alternatives(found: Iterable[Found], hit_fit: float) -> Ranking:
    """Rank the candidates for each alternative of a query, and return the union of their hits."""
    rankings = [_rank_one(one, hit_fit) for one in found]
    if len(rankings) == 1:
        return rankings[0]
    hits = _best_first(one for ranking in rankings for one in ranking.hits)
    closest = _best_first(one for ranking in rankings for one in ranking.closest)[:MAX_CLOSEST]
    return Ranking(tuple(hits), () if hits else tuple(closest), any(one.more for one in rankings))


def _rank_one(found: Found, hit_fit: float) -> Ranking:
    ranking = rank(found.candidates, hit_fit)
    # If all of the nearest pictures are hits, the next ones may be hits too.
    all_near = bool(found.nearest) and found.nearest <= {one.upload_id for one in ranking.hits}
    return replace(ranking, more=found.more_words or all_near)


def _best_first(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return the best candidate of each picture, the one with the highest fit first."""
    ordered = sorted(candidates, key=lambda one: (-one.fit, -one.words, -one.upload_id))
    best = {one.upload_id: one for one in reversed(ordered)}
    return [one for one in ordered if best[one.upload_id] is one]


def fuse(rankings: Sequence[Ranking]) -> Ranking:
    """Merge the rankings of several models, whose fits are not comparable, by reciprocal rank fusion."""
    if len(rankings) == 1:
        return rankings[0]
    hits = _fuse([one.hits for one in rankings])
    closest = () if hits else _fuse([one.closest for one in rankings])[:MAX_CLOSEST]
    return Ranking(hits, closest, any(one.more for one in rankings))


def _fuse(lists: Iterable[tuple[Candidate, ...]]) -> tuple[Candidate, ...]:
    found: dict[int, Candidate] = {}
    scores: defaultdict[int, float] = defaultdict(float)
    for candidates in lists:
        for position, one in enumerate(candidates, 1):
            found.setdefault(one.upload_id, one)
            scores[one.upload_id] += 1 / (RANK_OFFSET + position)
    return tuple(sorted(found.values(), key=lambda one: (-scores[one.upload_id], -one.upload_id)))
