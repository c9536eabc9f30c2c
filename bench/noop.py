"""A processor that does nothing: what is left is the engine's own cost."""

from batches.engine.in_hand import Held


def process(held: Held) -> None:
    """Find nothing in a file."""
