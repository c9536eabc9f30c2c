"""Processors that do nothing: what is left is the engine's own cost."""

import time

from batches.engine.in_flight import Job


def process(held: Job) -> None:
    """Find nothing in a file."""


def wait(held: Job) -> None:
    """Take 20 ms without work, so that a batch lasts."""
    time.sleep(0.02)
