"""Stop claiming items while a dependency (a model server, the storage or the database) is down.

Each process has one circuit breaker, which tracks every cause separately. An outage does not count as a failure of the
item being processed. The process claims nothing until the back-off is over. Each consecutive failure doubles the
back-off, up to MAX_SECONDS.
"""

import logging
import threading
import time
from typing import NamedTuple

from uploads.outage_log import OutageLog
from uploads.text import storable

logger = logging.getLogger(__name__)

FIRST_SECONDS = 1.0
# Work should resume within 10 s of a dependency's recovery. After the back-off, up to 2.4 s may pass before the
# reconciler sends wake-ups, and up to 1 s more before an idle dramatiq consumer receives one.
MAX_SECONDS = 6.0


class _Outage(NamedTuple):
    until: float
    """When claiming is allowed again, as a time.monotonic() value."""
    seconds: float
    message: str
    log: OutageLog


class CircuitBreaker:
    """Tracks the current outages of one process. All methods are thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._outages: dict[str, _Outage] = {}

    def trip(self, cause: str, message: str, error: Exception | None = None) -> None:
        """Stop claiming because of `cause`, a stable code. Pages show `message`.

        A call during the back-off of `cause` has no effect. Only the first failure of an outage is logged: `error` if
        it is given, otherwise the message.
        """
        cause, message = storable(cause), storable(message)
        with self._lock:
            outage = self._outages.get(cause) or _Outage(0.0, 0.0, "", _outage_log(cause))
            if time.monotonic() < outage.until:
                return
            seconds = min(max(outage.seconds * 2, FIRST_SECONDS), MAX_SECONDS)
            outage.log.report(error or message)
            self._outages[cause] = _Outage(time.monotonic() + seconds, seconds, message, outage.log)

    def record_success(self, only: str = "") -> None:
        """End the outages whose back-off is over. If `only` is set, end only the outage with that cause.

        Call this after a file has succeeded. Also call it when no file is pending or in flight; otherwise, the outage
        would not end until the next file succeeds.
        """
        if not self._outages:
            return
        with self._lock:
            now = time.monotonic()
            for cause, outage in list(self._outages.items()):
                if now >= outage.until and only in ("", cause):
                    self._end(cause)

    def reset(self, cause: str) -> None:
        """End the outage with the given `cause`, even during its back-off: the dependency is known to work again."""
        if not self._outages:
            return
        with self._lock:
            if cause in self._outages:
                self._end(cause)

    def open_cause(self) -> tuple[str, str]:
        """Return the cause and message of the outage with the longest back-off; two empty strings if there is none."""
        with self._lock:
            if not self._outages:
                return "", ""
            cause, longest = max(self._outages.items(), key=lambda entry: entry[1].seconds)
            return cause, longest.message

    def seconds_open(self) -> float:
        """Return how many seconds must pass before claiming is allowed again; 0 if it is allowed now."""
        with self._lock:
            return max([outage.until - time.monotonic() for outage in self._outages.values()] + [0.0])

    def _end(self, cause: str) -> None:
        self._outages.pop(cause).log.report(None)


def _outage_log(cause: str) -> OutageLog:
    name = cause.replace("%", "%%")
    return OutageLog(logger, f"Claiming stopped ({name}): %s", f"Claiming resumed: {cause} is over.")


breaker = CircuitBreaker()
