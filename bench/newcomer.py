"""Measure, for bench.engine, how long a few files wait while other owners have many. Needs a running bench.stack."""

from bench import rows

FILES = 3
BEHIND = 100_000
BESIDE = 100
# Enough files for the other owners' batches to keep running until the last newcomer's batch is completed.
FILES_BESIDE = 150
ROUNDS = 3


def behind_many() -> float:
    """Return the seconds until FILES files are completed while another owner has BEHIND pending files.

    The result is the longest of ROUNDS measurements.
    """
    others = rows.fill(BEHIND, "crowd")
    return _longest([others])


def beside_many() -> float:
    """Return the seconds until FILES files are completed while BESIDE other owners each have a running batch.

    The result is the longest of ROUNDS measurements.
    """
    others = [rows.add(FILES_BESIDE, f"neighbour {number}") for number in range(BESIDE)]
    rows.vacuum()
    return _longest(others)


def _longest(others: list[int]) -> float:
    """Complete ROUNDS small batches one after another while the `others` run. Return the longest time in seconds."""
    newcomers = [rows.add(FILES, f"newcomer {others[0]} {number}") for number in range(ROUNDS)]
    rows.start(others)
    seconds = [rows.run_to_completion(batch_id) for batch_id in newcomers]
    rows.pause(others)
    return max(seconds)
