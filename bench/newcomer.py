"""Measure how long a few files wait behind many others, for bench.engine. Needs the stack of bench.stack."""

from bench import rows

FILES = 3
BEHIND = 100_000
BESIDE = 100
# Enough that each of the other batches still has files when the newcomer is completed.
FILES_BESIDE = 150
ROUNDS = 3


def behind_many() -> float:
    """Return how many seconds FILES files take behind BEHIND pending ones of another owner: the longest of ROUNDS."""
    others = rows.fill(BEHIND, "crowd")
    return _longest([others])


def beside_many() -> float:
    """Return how many seconds FILES files take beside BESIDE batches of other owners: the longest of ROUNDS."""
    others = [rows.add(FILES_BESIDE, f"neighbour {number}") for number in range(BESIDE)]
    rows.vacuum()
    return _longest(others)


def _longest(others: list[int]) -> float:
    """Return the longest time. The other batches, also never served, come first in the round robin: the worst case."""
    newcomers = [rows.add(FILES, f"newcomer {others[0]} {number}") for number in range(ROUNDS)]
    rows.start(others)
    seconds = [rows.run_to_completion(batch_id) for batch_id in newcomers]
    rows.pause(others)
    return max(seconds)
