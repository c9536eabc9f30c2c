"""How Redis is reached: by the sockets for hints, and by workers and those who ring for them."""

from typing import Any


def channel_layers(address: str) -> dict[str, Any]:
    """Return Channels' setting for the Redis at this URL."""
    # The queue-based layer of channels_redis drops idle sockets after 5 s with redis-py 8 (channels_redis#422).
    layer = "channels_redis.pubsub.RedisPubSubChannelLayer"
    return {"default": {"BACKEND": layer, "CONFIG": {"hosts": [{"address": address, "socket_timeout": None}]}}}


def message_broker(address: str) -> dict[str, Any]:
    """Return django-dramatiq's setting for the Redis at this URL."""
    return {
        "BROKER": "batches.broker.AttentiveBroker",
        # Time-outs are read from the URL only.
        "OPTIONS": {"url": address + ("&" if "?" in address else "?") + "socket_timeout=30"},
        # batches/apps.py adds the engine's own, which needs the models. No time limits and no shutdown exceptions:
        # thrown into a thread, they strike in the middle of a transaction.
        "MIDDLEWARE": ["dramatiq.middleware.Retries", "django_dramatiq.middleware.DbConnectionsMiddleware"],
    }
