"""One line in the log when Redis goes away and one when it is back, instead of a traceback a second."""

import logging
import threading

import redis
from django.conf import settings

logger = logging.getLogger(__name__)

RETRY_SECONDS = 1.0


class SaidOnce(logging.Filter):
    """Lets the first complaint about a lost Redis through, in one line, and holds the others back until it is there.

    For the channel layer, which says what it meets at every try and nothing when it succeeds again.
    """

    def __init__(self) -> None:
        super().__init__()
        self._back = threading.Event()
        self._back.set()

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether the line is written; every other error is, as it is."""
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, OSError | redis.ConnectionError | redis.TimeoutError):
            return True
        if not self._back.is_set():
            return False
        self._back.clear()
        threading.Thread(target=self._wait, name="redis-outage", daemon=True).start()
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        record.msg, record.args = "Redis is away (%s): pages look every 2 s instead of being told.", (error,)
        record.exc_info = record.exc_text = None
        return True

    def _wait(self) -> None:
        """Ask until it answers."""
        pause = threading.Event()
        while not _answers():
            pause.wait(RETRY_SECONDS)
        logger.info("Redis is back: pages are told of changes again.")
        self._back.set()


def _answers() -> bool:
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=RETRY_SECONDS) as client:
            return bool(client.ping())
    except (OSError, redis.RedisError):
        return False
