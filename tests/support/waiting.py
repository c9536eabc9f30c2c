"""Wait in tests by polling with a deadline."""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")

# Factor for slow machines.
SLOW = 4


def wait_until(predicate: Callable[[], Value], timeout: float = 10.0, *, interval: float = 0.02) -> Value:
    """Call `predicate` until it returns something true, and return that.

    Fail the test after `timeout` seconds, which is meant for an idle machine: a busy one gets SLOW times as long.
    """
    timeout *= SLOW
    deadline = time.monotonic() + timeout
    while not (value := predicate()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout:g} s: {predicate.__qualname__}, the last value was {value!r}")
        time.sleep(interval)
    return value


async def until(predicate: Callable[[], object]) -> None:
    """Wait as `wait_until` does, on this event loop, for what happens there."""
    async with asyncio.timeout(10 * SLOW):
        while not predicate():  # noqa: ASYNC110  # no one event says so
            await asyncio.sleep(0.02)
