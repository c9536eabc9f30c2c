"""Threads that ask the database for asynchronous code, so that a slow query holds up no request.

Those of the live pages look and render, LIVE_THREADS at a time. Long tables are read on a thread of their own, which
the live pages never wait for.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import connections

LIVE_THREADS = 3
TABLE_THREADS = 1
_live = ThreadPoolExecutor(LIVE_THREADS, thread_name_prefix="live")
_tables = ThreadPoolExecutor(TABLE_THREADS, thread_name_prefix="tables")
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


async def run_query(function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
    """Run a function that asks the database on the threads of the live pages; its connection goes back to the pool."""
    return await _ask(_live, lambda: function(*args, **kwargs))


async def run_export_query(
    function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
) -> Result:
    """Do as `read` on the thread of long tables: their pieces take turns, and delay nobody else."""
    return await _ask(_tables, lambda: function(*args, **kwargs))


async def _ask(threads: ThreadPoolExecutor, function: Callable[[], Result]) -> Result:
    def ask() -> Result:
        try:
            return function()
        finally:
            connections.close_all()

    return await asyncio.get_running_loop().run_in_executor(threads, ask)
