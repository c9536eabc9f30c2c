"""Measure how long a few files wait behind many others, for bench.engine. Needs the stack of bench.stack."""

from bench import rows

FILES = 3
BEHIND = 100_000
BESIDE = 100
# Enough for each of the hundred batches to have files left when the newcomer is completed.
FILES_BESIDE = 150
ROUNDS = 3


def behind_many() -> float:
    """Return the seconds for FILES files behind BEHIND pending files of another owner; the longest of ROUNDS."""
    others = rows.fill(BEHIND, "crowd")
    return _longest([others])


def beside_many() -> float:
    """Return the same beside BESIDE batches, each of another owner."""
    others = [rows.add(FILES_BESIDE, f"neighbour {number}") for number in range(BESIDE)]
    rows.vacuum()
    return _longest(others)


def _longest(others: list[int]) -> float:
    """The other batches have not been served either and come first in the round: the worst case."""
    newcomers = [rows.add(FILES, f"newcomer {others[0]} {number}") for number in range(ROUNDS)]
    rows.start(others)
    seconds = [rows.run_to_completion(batch_id) for batch_id in newcomers]
    rows.pause(others)
    return max(seconds)
