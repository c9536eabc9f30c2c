"""The pool of database connections after the database was lost."""

from collections.abc import Mapping
from typing import Any

import psycopg
from django.db import InternalError, OperationalError, connection


def renew_pool() -> None:
    """Give up the connections that lie ready: after an outage all are dead.

    The pool itself would find that out one connection a request, with a pause that doubles each time. Call it when the
    database answers again, or a look has just failed.
    """
    connection.pool.drain()  # type: ignore[attr-defined]


# Sessions that idled in a transaction, or had one for too long: those of a process that was stopped in the middle.
ENDED_BY_SERVER = frozenset({"25P03", "25P04"})


def fetch_row(statement: str, parameters: Mapping[str, object]) -> tuple[Any, ...] | None:
    """Run a prepared statement and return its first row, or None; see `fetch_rows`."""
    rows = fetch_rows(statement, parameters)
    return rows[0] if rows else None


def fetch_rows(statement: str, parameters: Mapping[str, object]) -> list[tuple[Any, ...]]:
    """Run a prepared statement on Django's connection and return its rows.

    It takes part in the transaction around it, and commits by itself where there is none. Raises Django's database
    errors; a session that PostgreSQL has ended is an OperationalError, however it was ended.
    """
    connection.ensure_connection()
    try:
        with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
            return cursor.execute(statement, parameters, prepare=True).fetchall()
    except InternalError as error:
        if getattr(error.__cause__, "sqlstate", None) in ENDED_BY_SERVER:
            raise OperationalError(*error.args) from error
        raise
