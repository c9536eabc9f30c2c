"""Waiting in tests: poll with a deadline, never sleep and hope."""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")


def wait_until(predicate: Callable[[], Value], timeout: float = 10.0, *, interval: float = 0.02) -> Value:
    """Call `predicate` until it returns something true, and return that; fail the test after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not (value := predicate()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout:g} s: {predicate.__qualname__}, the last value was {value!r}")
        time.sleep(interval)
    return value


async def until(predicate: Callable[[], object]) -> None:
    """Do as `wait_until` on this event loop, for what happens there."""
    async with asyncio.timeout(10):
        while not predicate():  # noqa: ASYNC110  # no one event says so
            await asyncio.sleep(0.02)
