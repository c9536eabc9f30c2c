"""Log one line per process when Redis becomes unavailable and one when it is available again."""

import logging
import os
import threading

import redis
from django.conf import settings

from uploads.outage_log import OutageLog

logger = logging.getLogger(__name__)

RETRY_SECONDS = 1.0


class RedisOutage:
    """Tracks whether Redis is unavailable for live events.

    After the first error, a thread polls Redis until it works again.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Reset the state. A forked process needs this, because it inherits the state but not the polling thread."""
        self._lock = threading.Lock()
        self._log = OutageLog(
            logger,
            "Redis is unavailable (%s): pages refresh every 2 s until it is back.",
            "Redis is available again: pages receive live events.",
        )

    def begin(self, error: Exception) -> None:
        """Record that Redis failed, and start polling it. Does nothing during a recorded outage. Thread-safe."""
        with self._lock:
            if self._log.is_lost:
                return
            self._log.report(error)
        threading.Thread(target=self._poll, name="redis-outage", daemon=True).start()

    def _poll(self) -> None:
        pause = threading.Event()
        while not _works():
            pause.wait(RETRY_SECONDS)
        with self._lock:
            self._log.report(None)


class LogOutageOnce(logging.Filter):
    """Drops the channel layer's log records about an unavailable Redis.

    Otherwise, the channel layer would log a traceback for every attempt.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Return False and record the outage if the logged error shows that Redis is unavailable."""
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, OSError | redis.ConnectionError | redis.TimeoutError):
            return True
        redis_outage.begin(error)
        return False


def _works() -> bool:
    """Return whether Redis accepts a write.

    A connection alone proves nothing, because Redis also accepts connections while it is loading its data or is full.
    """
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=RETRY_SECONDS) as client:
            return bool(client.set("redis-outage", 1, px=1000))
    except (OSError, redis.RedisError):
        return False


redis_outage = RedisOutage()
os.register_at_fork(after_in_child=redis_outage.reset)
