"""Run statements on Django's connection, and drop dead connections after a database outage."""

from collections.abc import Mapping
from typing import Any

import psycopg
from django.db import InternalError, OperationalError, connection
from django.db.models import QuerySet

# SQLSTATEs of sessions that PostgreSQL ended because they were idle in a transaction for too long or because the
# transaction took too long. This happens to processes that were suspended.
SESSION_ENDED = frozenset({"25P03", "25P04"})


def fetch_row(statement: str, parameters: Mapping[str, object]) -> tuple[Any, ...] | None:
    """Run a prepared statement and return its first row, or None; see `fetch_rows`."""
    rows = fetch_rows(statement, parameters)
    return rows[0] if rows else None


def fetch_rows(statement: str, parameters: Mapping[str, object]) -> list[tuple[Any, ...]]:
    """Run a prepared statement on Django's connection and return its rows.

    The statement runs in the current transaction; if there is none, it is committed immediately. Raises Django's
    database errors. If PostgreSQL has ended the session, the error is always OperationalError.
    """
    connection.ensure_connection()
    session = connection.connection
    # Allow prepared statements only for this statement: while they are allowed, psycopg keeps the texts of the last 100
    # statements of a connection. Django's statements contain their parameters, which may be megabytes.
    session.prepare_threshold = 0
    try:
        with connection.wrap_database_errors, psycopg.Cursor(session) as cursor:
            return cursor.execute(statement, parameters, prepare=True).fetchall()
    except InternalError as error:
        if getattr(error.__cause__, "sqlstate", None) in SESSION_ENDED:
            raise OperationalError(*error.args) from error
        raise
    finally:
        session.prepare_threshold = None


def read_rows(rows: QuerySet[Any, Any]) -> list[tuple[Any, ...]]:
    """Run the query of `rows`, and return the values as psycopg converts them.

    For hundreds of rows of numbers, Django's own conversion of each value takes longer than the statement.
    """
    with connection.cursor() as cursor:
        cursor.execute(*rows.query.sql_with_params())
        return list(cursor.fetchall())


def read_ids(rows: QuerySet[Any, Any], limit: int) -> list[int]:
    """Return the ids of the first `limit` of `rows`; see `read_rows`."""
    return [id for (id,) in read_rows(rows.values_list("id")[:limit])]


def renew_pool() -> None:
    """Close the idle connections of the pool, which are all dead after an outage.

    Otherwise, requests would be given dead connections, each after a delay twice as long as the last. Call this when
    the database works again or when a query has just failed.
    """
    connection.pool.drain()  # type: ignore[attr-defined]
