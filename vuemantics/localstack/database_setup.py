"""The role and the database of the application, inside a running local PostgreSQL."""

from pathlib import Path

import psycopg
from psycopg import sql

from vuemantics.localstack.paths import DATABASE, PORT


def connect(sockets: Path, database: str) -> psycopg.Connection:
    """A connection for upkeep, each statement a transaction of its own. Raises psycopg.OperationalError."""
    return psycopg.connect(
        host=str(sockets), port=PORT, user="postgres", dbname=database, autocommit=True, connect_timeout=5
    )


def prepare_database(sockets: Path) -> None:
    """Make what is missing. template1 gets pgvector, so that every database made later, as by tests, has it."""
    name = sql.Identifier(DATABASE)
    with connect(sockets, "template1") as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [DATABASE]).fetchone() is None:
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(name))
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
    if found is None:
        # From another database: nobody may be connected to the template that is copied.
        with connect(sockets, "postgres") as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, name))
