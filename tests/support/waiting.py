"""Wait in tests by polling with a deadline."""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")

# All timeouts are multiplied by this factor, for slow machines.
SLOW = 4
SHORTEST_INTERVAL, LONGEST_INTERVAL = 0.02, 0.2


def wait_until(predicate: Callable[[], Value], timeout: float = 10.0, *, interval: float | None = None) -> Value:
    """Call `predicate` until it returns a true value, and return that value.

    Fail the test after SLOW times `timeout` seconds; `timeout` is sufficient on an idle machine. Without `interval`,
    the pauses between calls grow over time, because frequent queries would slow down what the test waits for.
    """
    timeout *= SLOW
    start = time.monotonic()
    deadline = start + timeout
    while not (value := predicate()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout:g} s: {predicate.__qualname__}, the last value was {value!r}")
        growing = min(SHORTEST_INTERVAL + (time.monotonic() - start) / 20, LONGEST_INTERVAL)
        time.sleep(growing if interval is None else interval)
    return value


async def until(predicate: Callable[[], object]) -> None:
    """Wait like `wait_until`, but let the event loop run, so that its tasks can make `predicate` true."""
    async with asyncio.timeout(10 * SLOW):
        while not predicate():  # noqa: ASYNC110  # no event signals it
            await asyncio.sleep(0.02)
