"""Limit the time that a request may take to arrive.

An idle timeout alone is not enough, because each byte restarts it: 1,000 connections that send a byte now and then
would stay open forever. Like Apache's mod_reqtimeout, this module limits the head and the body separately.
"""

from collections.abc import Callable
from typing import Any

HEAD_SECONDS = 20.0
"""Time for the request line and all headers, from the first byte."""
BODY_SECONDS = 20.0
BODY_BYTES_PER_SECOND = 500
"""A body gets BODY_SECONDS, plus one second for each BODY_BYTES_PER_SECOND received."""


class RequestDeadline:
    """The deadline of the request that a connection is receiving. Calls `expire` when it has passed.

    `clock` provides `seconds` and `callLater`, as Twisted's reactor does. A connection keeps one timer for all its
    requests, because starting and cancelling two timers per request costs CPU time. `close` must be called at the end
    of the connection, because it removes the timer.
    """

    def __init__(self, clock: Any, expire: Callable[[], None]) -> None:
        self._clock = clock
        self._expire = expire
        self._timer: Any = None
        self._end: float | None = None

    def start_head(self) -> None:
        """Start the deadline for the head, unless the head has already begun."""
        if self._end is None:
            self._start(HEAD_SECONDS)

    def start_body(self) -> None:
        """Replace the deadline for the head with the deadline for the body."""
        self._start(BODY_SECONDS)

    def extend(self, received: int) -> None:
        """Extend the deadline after `received` more bytes of the body have arrived."""
        if self._end is not None:
            self._end += received / BODY_BYTES_PER_SECOND

    def stop(self) -> None:
        """Remove the deadline until the next request starts one."""
        self._end = None

    def close(self) -> None:
        """Remove the deadline and the timer."""
        self.stop()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start(self, seconds: float) -> None:
        self._end = self._clock.seconds() + seconds
        if self._timer is None:
            self._set_timer(seconds)

    def _set_timer(self, seconds: float) -> None:
        # No longer than the shortest deadline, so that the timer never runs past the deadline of a later request.
        self._timer = self._clock.callLater(min(seconds, HEAD_SECONDS, BODY_SECONDS), self._check)

    def _check(self) -> None:
        self._timer = None
        if self._end is None:
            return
        left = self._end - self._clock.seconds()
        if left > 0:
            self._set_timer(left)
        else:
            self.stop()
            self._expire()
