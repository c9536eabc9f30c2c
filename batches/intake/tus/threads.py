"""The threads on which the endpoint touches disk and database: few, its own, never the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import connections

Args = ParamSpec("Args")
Result = TypeVar("Result")

_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="intake")


async def in_thread(work: Callable[Args, Result], *args: Args.args, **kwargs: Args.kwargs) -> Result:
    """Run blocking work to its end on an intake thread; its database connection goes back to the pool.

    When the request is cancelled, the work is waited for first: nobody closes a file under a thread that writes to it.
    """
    future = asyncio.get_running_loop().run_in_executor(_threads, lambda: _tidy(work, *args, **kwargs))
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        await asyncio.wait([future])
        raise


def _tidy(work: Callable[Args, Result], *args: Args.args, **kwargs: Args.kwargs) -> Result:
    try:
        return work(*args, **kwargs)
    finally:
        connections.close_all()
