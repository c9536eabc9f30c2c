"""Threads that query the database for asynchronous code, so that a slow query does not block other requests.

The live pages use LIVE_THREADS threads. Exports and session lookups use separate threads, so that neither live pages
nor other requests wait for an export.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import connections

LIVE_THREADS = 3
EXPORT_THREADS = 1
SESSION_THREADS = 1
_live = ThreadPoolExecutor(LIVE_THREADS, thread_name_prefix="live")
_export = ThreadPoolExecutor(EXPORT_THREADS, thread_name_prefix="export")
_session = ThreadPoolExecutor(SESSION_THREADS, thread_name_prefix="session")
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


async def run_query(function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
    """Run a database query on one of the threads for live pages."""
    return await _run(_live, lambda: function(*args, **kwargs))


async def run_export_query(
    function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
) -> Result:
    """Run a database query on the export thread. Call this once per chunk, so that concurrent exports take turns."""
    return await _run(_export, lambda: function(*args, **kwargs))


async def run_session_query(
    function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
) -> Result:
    """Run a query that looks up a request's session, on the session thread."""
    return await _run(_session, lambda: function(*args, **kwargs))


async def _run(threads: ThreadPoolExecutor, function: Callable[[], Result]) -> Result:
    def run() -> Result:
        try:
            return function()
        finally:
            # The thread may be idle for a long time, so return the connection to the pool.
            connections.close_all()

    return await asyncio.get_running_loop().run_in_executor(threads, run)
