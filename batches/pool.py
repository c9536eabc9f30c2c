"""The pool of database connections after the database was lost."""

from django.db import connection


def renew_pool() -> None:
    """Give up the connections that lie ready: after an outage all are dead.

    The pool itself would find that out one connection a request, with a pause that doubles each time. Call it when the
    database answers again, or a look has just failed.
    """
    connection.pool.drain()  # type: ignore[attr-defined]
