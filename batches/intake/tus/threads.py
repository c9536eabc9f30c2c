"""The tus endpoint's thread pools for disk and database work, which would otherwise block the event loop.

Steps that may finalize a file run on separate threads, so slow storage, or a large file that must be read again, delays
only such steps.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from django.db import connections

Args = ParamSpec("Args")
Result = TypeVar("Result")

INTAKE_THREADS = FINALIZE_THREADS = 4
_intake = ThreadPoolExecutor(INTAKE_THREADS, thread_name_prefix="intake")
_finalize = ThreadPoolExecutor(FINALIZE_THREADS, thread_name_prefix="intake-finalize")


async def in_thread(call: Callable[Args, Result], *args: Args.args, **kwargs: Args.kwargs) -> Result:
    """Run a blocking call on an intake thread, then return its database connections to the pool.

    If the request is cancelled, wait for the call to end first, so that no file is closed while a thread writes to it.
    """
    return await _run(_intake, partial(call, *args, **kwargs))


async def in_finalize_thread(call: Callable[Args, Result], *args: Args.args, **kwargs: Args.kwargs) -> Result:
    """Like `in_thread`, but run the call on a finalize thread, because it may finalize a file."""
    return await _run(_finalize, partial(call, *args, **kwargs))


async def _run(threads: ThreadPoolExecutor, call: Callable[[], Result]) -> Result:
    future = asyncio.get_running_loop().run_in_executor(threads, _call_and_disconnect, call)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        await asyncio.wait([future])
        raise


def _call_and_disconnect(call: Callable[[], Result]) -> Result:
    try:
        return call()
    finally:
        connections.close_all()
