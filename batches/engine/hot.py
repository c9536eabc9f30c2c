"""The statements of the hot path (turn, claim, finish), prepared by the server: the only raw SQL of the engine.

The ORM's versions of them (docs/architecture.md has the figures) took three to four times the processor time: most of
it went into building and planning the same statements again, and into a transaction of its own around each.
"""

from collections.abc import Mapping
from typing import Any

import psycopg
from django.db import connection


def fetch_row(statement: str, parameters: Mapping[str, object]) -> tuple[Any, ...] | None:
    """Run a prepared statement on Django's connection and return its first row, or None.

    It takes part in the transaction around it, and commits by itself where there is none. Raises Django's database
    errors.
    """
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        return cursor.execute(statement, parameters, prepare=True).fetchone()
