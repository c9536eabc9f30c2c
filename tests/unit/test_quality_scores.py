"""bench.quality computes the right scores from rankings."""

from bench.quality_scores import Judged, Outcome, sibling_scores, summarize


def outcome(relevant: str, ranking: str, hits: int, language: str = "en") -> Outcome:
    return Outcome(Judged("cat", frozenset(relevant), language=language), tuple(ranking), hits)


def test_scores_of_judged_queries_are_computed() -> None:
    outcomes = [
        outcome("a", "abc", 1),
        outcome("bc", "abc", 1, "de"),
        outcome("d", "abc", 0),
        outcome("", "abc", 2),
        outcome("", "abc", 0),
    ]

    assert summarize(outcomes) == {
        "hit_at_1": 0.333,
        "hit_at_3": 0.667,
        "map": round((1 + (1 / 2 + 2 / 3) / 2 + 0) / 3, 3),
        "map_german": 0.583,
        "rejected": 0.333,
        "false_hits": 0.5,
    }
    assert [one.is_wrong for one in outcomes] == [False, True, True, True, False]


def test_pictures_with_a_sibling_among_the_most_similar_are_counted() -> None:
    groups = [frozenset("ab"), frozenset("cde")]
    similar = {"a": "xyb", "b": "xyz", "c": "abd", "d": "cex", "e": "abx"}

    assert sibling_scores(groups, similar) == {"sibling_in_3": 0.6}
    assert sibling_scores([], {}) == {}
