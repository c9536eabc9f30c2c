"""Pairs of near duplicates are joined into groups, and large groups are shown in steps."""

from itertools import combinations

import pytest

from uploads.similar.components import MAX_MEMBERS, Members, connect

Pair = tuple[int, int]


def newest_first(pairs: set[Pair]) -> list[Pair]:
    return sorted(pairs, key=lambda pair: (pair[1], pair[0]), reverse=True)


def test_pairs_that_share_a_picture_are_one_group() -> None:
    assert connect(newest_first({(1, 2), (5, 6), (3, 4), (2, 4)})) == [Members([5, 6]), Members([1, 2, 3, 4])]


def test_members_of_a_large_group_are_connected() -> None:
    chain = {(id, id + 1) for id in range(1, 61)} | {(100, 101)}

    assert connect(newest_first(chain)) == [Members([100, 101]), Members(list(range(12, 62)), more=11)]


@pytest.mark.parametrize(
    ("pairs", "steps"),
    [
        (set(combinations(range(1, 61), 2)), 3),
        (set(combinations(range(1, 151), 2)), 20),
        ({(1, id) for id in range(2, 202)}, 5),
    ],
    ids=["60 copies", "150 copies", "copies of one picture"],
)
def test_large_group_is_finished_in_few_steps(pairs: set[Pair], steps: int) -> None:
    rounds = 0
    while pairs:
        members, *_others = connect(newest_first(pairs))
        assert 1 < len(members.ids) <= MAX_MEMBERS
        pairs = pairs - set(combinations(members.ids, 2))
        rounds += 1
        assert rounds <= steps
