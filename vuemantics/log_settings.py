"""The settings of the log."""

from typing import Any


def logging_settings(level: str) -> dict[str, Any]:
    """Return Django's LOGGING: everything of at least this level goes to standard error, one line each."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
        "filters": {"redis_outage": {"()": "batches.messaging.redis_outage.LogOutageOnce"}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django.server": {"level": "WARNING"},
            "axes": {"level": "WARNING"},
            # The pool logs every failed attempt; the code that needs the connection logs the outage once.
            "psycopg.pool": {"level": "ERROR"},
            "channels_redis.pubsub": {"filters": ["redis_outage"]},
        },
    }
