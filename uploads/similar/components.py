"""Join pairs of near duplicates into groups, and choose the pictures of large groups to show. Pure functions only."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from heapq import heappop, heappush
from typing import NamedTuple

MAX_MEMBERS = 50

Neighbours = Mapping[int, Sequence[int]]
"""For each picture, the pictures with which it has an open pair."""


class Members(NamedTuple):
    """The ids of up to MAX_MEMBERS pictures of a group, in order, and the number of its other pictures."""

    ids: list[int]
    more: int = 0


def connect(pairs: Iterable[tuple[int, int]]) -> list[Members]:
    """Join pairs that share a picture into groups, in the order of their first pairs.

    The members chosen from a large group are connected by some of `pairs`. So if the pairs among them are resolved,
    fewer remain, and other members are chosen the next time.
    """
    neighbours: dict[int, list[int]] = {}
    for one, other in pairs:
        neighbours.setdefault(one, []).append(other)
        neighbours.setdefault(other, []).append(one)
    groups: list[Members] = []
    seen: set[int] = set()
    for id in neighbours:
        if id not in seen:
            group = _connected(id, neighbours)
            seen |= group
            groups.append(_choose(group, neighbours))
    return groups


def _connected(start: int, neighbours: Neighbours) -> set[int]:
    """Return all pictures of the group that contains `start`."""
    found, stack = {start}, [start]
    while stack:
        new = [id for id in neighbours[stack.pop()] if id not in found]
        found.update(new)
        stack += new
    return found


def _choose(group: Collection[int], neighbours: Neighbours) -> Members:
    """Begin with the newest picture, and add the one with the most open pairs with those chosen so far.

    In a tie, add the one with the most open pairs in all. This leaves few pairs for the next time.
    """
    if len(group) <= MAX_MEMBERS:
        return Members(sorted(group))
    chosen: set[int] = set()
    links: Counter[int] = Counter()
    heap = [(0, 0, -max(group))]
    while len(chosen) < MAX_MEMBERS:
        id = -heappop(heap)[-1]
        if id not in chosen:
            chosen.add(id)
            for other in neighbours[id]:
                links[other] += 1
                heappush(heap, (-links[other], -len(neighbours[other]), -other))
    return Members(sorted(chosen), len(group) - len(chosen))
