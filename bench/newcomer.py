"""How long a few files wait behind a crowd, for the bench of the engine. Needs the stack of bench.stack."""

from bench import rows

FILES = 3
BEHIND = 100_000
BESIDE = 100
# Enough for every one of the hundred to have files left when the newcomer is done.
FILES_BESIDE = 150
ROUNDS = 3


def behind_many() -> float:
    """Return the seconds of FILES files behind the BEHIND waiting files of somebody else; the longest of ROUNDS."""
    crowd = rows.fill(BEHIND, "crowd")
    return _longest([crowd])


def beside_many() -> float:
    """Return the same beside BESIDE waiting batches, each of another owner."""
    crowd = [rows.add(FILES_BESIDE, f"neighbour {number}") for number in range(BESIDE)]
    rows.tidy()
    return _longest(crowd)


def _longest(crowd: list[int]) -> float:
    """The first newcomer meets a crowd that was not served either and comes before it in the round: the worst case."""
    newcomers = [rows.add(FILES, f"newcomer {crowd[0]} {number}") for number in range(ROUNDS)]
    rows.release(crowd)
    seconds = [rows.work_off(batch_id) for batch_id in newcomers]
    rows.withdraw(crowd)
    return max(seconds)
