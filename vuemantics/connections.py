"""Django settings for the servers that the site connects to: PostgreSQL, Redis and the mail server."""

from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import dj_database_url

# Connections that a worker process needs in addition to one per thread: for heartbeat, reconciler, cleanup, search
# maintenance, verification, text reading, e-mails and shutdown, plus one in reserve.
EXTRA_CONNECTIONS = 9
# End idle transactions, so that a process suspended in the middle of one does not keep its locks.
SESSION_OPTIONS = "-c idle_in_transaction_session_timeout=10s"
MAIL_PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
"""The default port of each scheme: unencrypted, with mandatory STARTTLS, and with TLS from the first byte."""


def pooled_database(url: str, threads: int) -> dict[str, Any]:
    """Return the entry of DATABASES for a worker process with `threads` threads.

    The web process sets its own pool size (asgi.py). `options` in the URL take precedence over SESSION_OPTIONS.
    """
    database: dict[str, Any] = {**dj_database_url.parse(url)}
    url_options = database.get("OPTIONS", {})
    database.update(
        CONN_MAX_AGE=0,
        CONN_HEALTH_CHECKS=True,
        OPTIONS={
            **url_options,
            # The first query opens the pool, so it is never open before a fork. Callers reconnect to a lost database
            # themselves, because the pool's delay between attempts would grow to minutes.
            "pool": {"min_size": 1, "max_size": threads + EXTRA_CONNECTIONS, "timeout": 10, "reconnect_timeout": 1},
            # If an option occurs twice, the server uses the last one, so the URL takes precedence.
            "options": f"{SESSION_OPTIONS} {url_options.get('options', '')}".rstrip(),
        },
    )
    return database


def channel_layers(url: str) -> dict[str, Any]:
    """Return CHANNEL_LAYERS for the Redis at this URL."""
    # The queue-based layer of channels_redis drops idle sockets after 5 s with redis-py 8 (channels_redis#422).
    layer = "channels_redis.pubsub.RedisPubSubChannelLayer"
    return {"default": {"BACKEND": layer, "CONFIG": {"hosts": [{"address": url, "socket_timeout": None}]}}}


def message_broker(url: str) -> dict[str, Any]:
    """Return DRAMATIQ_BROKER for the Redis at this URL."""
    return {
        "BROKER": "batches.messaging.broker.WakeUpBroker",
        # The broker takes timeouts only from the URL.
        "OPTIONS": {"url": url + ("&" if "?" in url else "?") + "socket_timeout=30"},
        # batches/apps.py adds the engine's own middleware, which needs the models. The middleware for time limits and
        # for shutdown is left out, because it raises exceptions in threads and could interrupt a transaction.
        "MIDDLEWARE": ["dramatiq.middleware.Retries", "django_dramatiq.middleware.DbConnectionsMiddleware"],
    }


class MailServer(NamedTuple):
    """A mail server. `user` and `password` may be empty."""

    host: str
    port: int
    user: str
    password: str
    use_starttls: bool
    use_tls: bool


def mail_server(url: str) -> MailServer:
    """Parse `smtp://user:password@host:port`. The scheme is one of MAIL_PORTS; user and password are percent-encoded.

    If `url` is empty, return localhost as a placeholder; no mail server needs to run there.
    """
    parts = urlsplit(url or "smtp://localhost")
    return MailServer(
        host=parts.hostname or "localhost",
        port=parts.port or MAIL_PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        use_starttls=parts.scheme == "smtp+tls",
        use_tls=parts.scheme == "smtps",
    )
