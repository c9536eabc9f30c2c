"""What is logged, and how a line looks."""

from typing import Any


def log_lines(level: str) -> dict[str, Any]:
    """Return Django's LOGGING: one line an event on standard error, from `level` on."""
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
            # It warns of every try; whoever needed the connection says once that the database is away.
            "psycopg.pool": {"level": "ERROR"},
            "channels_redis.pubsub": {"filters": ["redis_outage"]},
        },
    }
