"""One line in the log when Redis goes away and one when it is back, whoever in this process meets it first."""

import logging
import os
import threading

import redis
from django.conf import settings

logger = logging.getLogger(__name__)

RETRY_SECONDS = 1.0


class RedisOutage:
    """Whether Redis is away for the hints of this process; after the first complaint a thread asks until it is not."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._away = False

    def begin(self, error: Exception) -> None:
        """Note that it does not do what it is asked for; said once until it does. Any thread may call it."""
        with self._lock:
            if self._away:
                return
            self._away = True
        logger.warning("Redis is away (%s): pages look every 2 s instead of being told.", error)
        threading.Thread(target=self._wait, name="redis-outage", daemon=True).start()

    def renew(self) -> None:
        """Begin anew in a forked process: the thread that asks, and perhaps who holds the lock, are its parent's."""
        self._lock = threading.Lock()
        self._away = False

    def _wait(self) -> None:
        pause = threading.Event()
        while not _works():
            pause.wait(RETRY_SECONDS)
        logger.info("Redis is back: pages are told of changes again.")
        with self._lock:
            self._away = False


class LogOutageOnce(logging.Filter):
    """Keeps what the channel layer says of a lost Redis, at every try and with a traceback, out of the log."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether the line is written: every other error is."""
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, OSError | redis.ConnectionError | redis.TimeoutError):
            return True
        redis_outage.begin(error)
        return False


def _works() -> bool:
    """Whether it answers and takes a write: one that loads its data, or is full, answers too."""
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=RETRY_SECONDS) as client:
            return bool(client.set("redis-outage", 1, px=1000))
    except (OSError, redis.RedisError):
        return False


redis_outage = RedisOutage()
os.register_at_fork(after_in_child=redis_outage.renew)
