"""The threads on which the endpoint touches disk and database: few, its own, never the event loop.

Files end on threads apart, whoever finds them complete: a slow storage, or a large file that is read once more, holds
up other ends alone.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from django.db import connections

Args = ParamSpec("Args")
Result = TypeVar("Result")

INTAKE_THREADS = ENDING_THREADS = 4
_threads = ThreadPoolExecutor(INTAKE_THREADS, thread_name_prefix="intake")
_ending = ThreadPoolExecutor(ENDING_THREADS, thread_name_prefix="intake-end")


async def in_thread(work: Callable[Args, Result], *args: Args.args, **kwargs: Args.kwargs) -> Result:
    """Run blocking work to its end on an intake thread; its database connection goes back to the pool.

    When the request is cancelled, the work is waited for first: nobody closes a file under a thread that writes to it.
    """
    return await _in(_threads, partial(work, *args, **kwargs))


async def in_ending_thread(work: Callable[Args, Result], *args: Args.args, **kwargs: Args.kwargs) -> Result:
    """Run work that may end a file; as `in_thread`."""
    return await _in(_ending, partial(work, *args, **kwargs))


async def _in(threads: ThreadPoolExecutor, work: Callable[[], Result]) -> Result:
    future = asyncio.get_running_loop().run_in_executor(threads, _tidy, work)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        await asyncio.wait([future])
        raise


def _tidy(work: Callable[[], Result]) -> Result:
    try:
        return work()
    finally:
        connections.close_all()
