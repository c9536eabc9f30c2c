"""The threads of the live pages: looking and rendering happen here, so that a slow query holds up no request.

It may hold up other live pages: of them no more than LIVE_THREADS are looked at or rendered at a time.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import connections

LIVE_THREADS = 3
_threads = ThreadPoolExecutor(LIVE_THREADS, thread_name_prefix="live")
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


async def read(function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
    """Run a function that asks the database on the threads of the live pages; its connection goes back to the pool."""

    def ask() -> Result:
        try:
            return function(*args, **kwargs)
        finally:
            connections.close_all()

    return await asyncio.get_running_loop().run_in_executor(_threads, ask)
