"""Replacements for the function that processes a file. They do no work, so that a bench measures only the engine."""

import time

from batches.engine.in_flight import Job


def process(job: Job) -> None:
    """Do nothing."""


def wait(job: Job) -> None:
    """Sleep 20 ms, so that a batch is still running when its worker is killed."""
    time.sleep(0.02)
