"""Holding still while something outside is away: a model server, storage, the database.

One breaker per process and cause: no file is charged, the process claims nothing until the time is over, and each
failure in a row doubles the time.
"""

import logging
import threading
import time

from uploads.text import storable

logger = logging.getLogger(__name__)

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 30.0


class CircuitBreaker:
    """The breakers of one process. All methods are safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._causes: dict[str, tuple[float, float, str]] = {}

    def trip(self, cause: str, message: str) -> None:
        """Hold because of `cause` (a stable code). Logs one line per outage."""
        cause, message = storable(cause), storable(message)
        with self._lock:
            until, seconds, _ = self._causes.get(cause, (0.0, 0.0, ""))
            if time.monotonic() < until:
                return
            seconds = min(max(seconds * 2, FIRST_SECONDS), LONGEST_SECONDS)
            if cause not in self._causes:
                logger.warning("Holding (%s): %s", cause, message)
            self._causes[cause] = (time.monotonic() + seconds, seconds, message)

    def record_success(self, only: str = "") -> None:
        """Note that a file went through, or that none waits: what was held for, and may be tried again, is not away.

        `only`: nothing is known but of this cause.
        """
        if not self._causes:
            return
        with self._lock:
            now = time.monotonic()
            over = [cause for cause, (until, _, _) in self._causes.items() if now >= until and only in ("", cause)]
            for cause in over:
                logger.info("Going on: %s is over.", cause)
                del self._causes[cause]

    def reset(self, cause: str) -> None:
        """Note that it was away and has come back: what waited for it goes on at once."""
        if not self._causes:
            return
        with self._lock:
            if self._causes.pop(cause, None):
                logger.info("Going on: %s is over.", cause)

    def open_cause(self) -> tuple[str, str]:
        """Return the code and the words of what is waited for longest; two empty texts when nothing is away."""
        with self._lock:
            cause, (_, _, message) = max(self._causes.items(), key=lambda entry: entry[1][1], default=("", (0, 0, "")))
            return cause, message

    def seconds_open(self) -> float:
        """Return how long to hold from now; 0 means go."""
        with self._lock:
            return max([until - time.monotonic() for until, _, _ in self._causes.values()] + [0.0])


breaker = CircuitBreaker()
