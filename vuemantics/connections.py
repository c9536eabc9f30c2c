"""How PostgreSQL is reached: a pool of connections in each process."""

from typing import Any

import dj_database_url

# Beside a worker's threads: heartbeat, reconciler, cleaner, notices, stop, and one to spare.
OTHERS = 6
# A process that is stopped in the middle of a transaction must not keep its locks from all others.
SESSION = "-c idle_in_transaction_session_timeout=10s"


def pooled_database(address: str, threads: int) -> dict[str, Any]:
    """Return Django's settings of the database at this URL, for worker processes with so many threads.

    The web process sets a size of its own (`web_pool.py`). `options` of the address are kept, and count more than ours.
    """
    database: dict[str, Any] = {**dj_database_url.parse(address)}
    given = database.get("OPTIONS", {})
    database.update(
        CONN_MAX_AGE=0,
        CONN_HEALTH_CHECKS=True,
        OPTIONS={
            **given,
            # Opened at the first query, never before a fork. Whoever needs a lost database asks for it anew: the
            # pool's own pauses between two tries grow to minutes.
            "pool": {"min_size": 1, "max_size": threads + OTHERS, "timeout": 10, "reconnect_timeout": 1},
            # Only the hot statements ask for it (uploads/database.py).
            "prepare_threshold": 0,
            # Of two the server takes the last.
            "options": f"{SESSION} {given.get('options', '')}".rstrip(),
        },
    )
    return database


def channel_layers(address: str) -> dict[str, Any]:
    """Return Channels' setting for the Redis at this URL."""
    # The queue-based layer of channels_redis drops idle sockets after 5 s with redis-py 8 (channels_redis#422).
    layer = "channels_redis.pubsub.RedisPubSubChannelLayer"
    return {"default": {"BACKEND": layer, "CONFIG": {"hosts": [{"address": address, "socket_timeout": None}]}}}


def message_broker(address: str) -> dict[str, Any]:
    """Return django-dramatiq's setting for the Redis at this URL."""
    return {
        "BROKER": "batches.messaging.broker.FastPollingBroker",
        # Time-outs are read from the URL only.
        "OPTIONS": {"url": address + ("&" if "?" in address else "?") + "socket_timeout=30"},
        # batches/apps.py adds the engine's own, which needs the models. No time limits and no shutdown exceptions:
        # thrown into a thread, they strike in the middle of a transaction.
        "MIDDLEWARE": ["dramatiq.middleware.Retries", "django_dramatiq.middleware.DbConnectionsMiddleware"],
    }
