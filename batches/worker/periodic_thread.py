"""A thread that calls a function periodically."""

import logging
import random
import threading
from collections.abc import Callable

import dramatiq
import redis
from django.db import InterfaceError, OperationalError, close_old_connections, connection

from uploads.outage_log import OutageLog

logger = logging.getLogger(__name__)

SERVICE_ERRORS = (OperationalError, InterfaceError, redis.RedisError, dramatiq.errors.BrokerConnectionError)
"""The errors raised while PostgreSQL or Redis is unavailable."""


class PeriodicThread(threading.Thread):
    """Calls a function again and again until stopped, with pauses of `seconds` (±20%), even if it raises an error.

    An outage of PostgreSQL or Redis is logged once. `first_round` is set after the first call.
    """

    def __init__(self, name: str, seconds: float, function: Callable[[], object]) -> None:
        super().__init__(name=name, daemon=True)
        self.first_round = threading.Event()
        self._seconds = seconds
        self._function = function
        self._stopped = threading.Event()
        self._outage = OutageLog(logger, f"The {name} thread is waiting: %s", f"The {name} thread continues.")

    def run(self) -> None:
        """Call the function repeatedly, and return the database connection to the pool after each call."""
        while not self._stopped.is_set():
            try:
                self._function()
                self._outage.report(None)
            except SERVICE_ERRORS as error:
                self._outage.report(error)
            except Exception:
                logger.exception("The %s thread failed; it will retry in its next round.", self.name)
            finally:
                close_old_connections()
                connection.close()
                self.first_round.set()
            self._stopped.wait(self._seconds * random.uniform(0.8, 1.2))  # noqa: S311 (not for security)

    def stop(self) -> None:
        """End the thread after the current call."""
        self._stopped.set()
