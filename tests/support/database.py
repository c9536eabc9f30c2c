"""Empty the test database after each test that commits, drop it despite open sessions, and detect waits for locks."""

from functools import cache
from typing import cast

from asgiref.sync import SyncToAsync
from django.db import OperationalError, connection, connections
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.backends.postgresql.creation import DatabaseCreation
from django.test import TransactionTestCase

# `migrate` fills these tables, and tests never change them.
FILLED = {"django_migrations", "django_content_type", "auth_permission"}
# Sessions of deleted users are kept. Otherwise, the response to a request that a closed page had sent could arrive late
# and delete the session cookie of the next test, which uses the same browser context.
KEPT = FILLED | {"django_session"}
# Deleting uploads adds rows to this table.
COUNTED_BY_TRIGGERS = "uploads_timelineday"
LARGE = 4 * 2**20
ATTEMPTS = 5


def delete_all_rows(_: TransactionTestCase) -> None:
    """Replace TransactionTestCase's flush, which takes 200 ms, with deletes that take 1 ms.

    TRUNCATE is used only if the tables are large, because it creates new files for every table and index; flush would
    also recreate the permissions. Sequences are not reset, so each id is used only once in a test run, and a server
    shared by tests cannot confuse rows. The lock blocks a server that is still inserting rows for the previous test.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with connection.cursor() as cursor:
                cursor.execute(_create_function(str(connection.settings_dict["NAME"])))
        except OperationalError:  # a deadlock with a process that is still ending a transaction
            if attempt == ATTEMPTS:
                raise
        else:
            return


@cache
def _create_function(database: str) -> str:
    """Create, once per database, the function that deletes all rows, and return the statement that calls it.

    PostgreSQL keeps the plans of a function's statements, and planning takes longer than deleting a few rows. Foreign
    keys are checked at the commit, so the order matters only for COUNTED_BY_TRIGGERS.
    """
    tables = set(connection.introspection.django_table_names(only_existing=True)) - KEPT - {COUNTED_BY_TRIGGERS}
    names = [connection.ops.quote_name(table) for table in (*sorted(tables), COUNTED_BY_TRIGGERS)]
    size = " + ".join(f"pg_relation_size('{name}')" for name in names)
    deletes = "; ".join(f"DELETE FROM {name}" for name in names)
    with connection.cursor() as cursor:
        cursor.execute(f"""
            CREATE FUNCTION tests_delete_all_rows() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
                IF {size} > {LARGE} THEN TRUNCATE {", ".join(names)};
                ELSE LOCK TABLE {", ".join(names)} IN EXCLUSIVE MODE; {deletes};
                END IF;
            END $$
        """)
    return "SELECT tests_delete_all_rows()"


def drop_database(creation: DatabaseCreation, test_database_name: str, _verbosity: int) -> None:
    """Replace DatabaseCreation._destroy_test_db and end the sessions that a test's threads or processes left open.

    A plain DROP DATABASE waits 5 s for these sessions and then fails with "is being accessed by other users".
    """
    close_async_connection()
    creation.connection.close_pool()
    with creation._nodb_cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute(f"DROP DATABASE {creation.connection.ops.quote_name(test_database_name)} WITH (FORCE)")


def close_broken_connections() -> None:
    """Close this thread's connection and the pool after PostgreSQL was stopped, which broke all connections.

    Otherwise, the pool would try its connections one by one, with growing delays.
    """
    connection.close()
    cast(DatabaseWrapper, connection).close_pool()


def close_async_connection() -> None:
    """Close the connection of the thread on which sync_to_async runs the queries of all asynchronous tests.

    Otherwise, it would stay open between tests, because no request ends on that thread.
    """
    SyncToAsync.single_thread_executor.submit(connections.close_all).result()


def blocked() -> bool:
    """Return whether a database session is waiting for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])
