"""Dump and restore the database with PostgreSQL's own programs."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.db.backends.postgresql.client import DatabaseClient

from vuemantics.localstack import LocalServices, StartError
from vuemantics.management.backup.programs import find_program
from vuemantics.management.stack import embedded_servers

# Comments are left out, because only a superuser may comment on the pgvector extension.
PORTABLE = ["--no-owner", "--no-privileges", "--no-comments"]


def dump_database(path: Path) -> None:
    """Write a consistent dump while other sessions continue. A complete dump replaces the previous one."""
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    draft.touch(0o600)  # pg_dump keeps the mode of an existing file
    _run("pg_dump", ["--format=custom", f"--file={draft}", *PORTABLE])
    draft.replace(path)


def restore_database(path: Path) -> None:
    """Restore the dump in one transaction: after an error or a crash, the database is still empty."""
    # With PostgreSQL's default memory, building the vector indexes would take hours.
    memory = f"-c maintenance_work_mem={settings.INDEX_MEMORY_MIB}MB"
    _run("pg_restore", ["--single-transaction", "--exit-on-error", *PORTABLE, str(path)], PGOPTIONS=memory)


@contextmanager
def running_database() -> Iterator[None]:
    """During the `with` block, run the embedded PostgreSQL if it is needed but not running. Raises StartError."""
    services = LocalServices(settings.VAR)
    services.start(postgres=embedded_servers()["postgres"], redis=False)
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise StartError(f"The database is unavailable: {error}") from None
    finally:
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]
        services.stop()


def check_database_is_empty() -> None:
    """Raise StartError if the database contains a table."""
    if not connection.introspection.table_names():
        return
    if embedded_servers()["postgres"]:
        raise StartError(f"{settings.VAR} contains a database. Move that directory away, then restore again.")
    raise StartError("The database of DATABASE_URL contains tables. Set DATABASE_URL to an empty database.")


def server_version() -> int:
    """Return the major version of the database server."""
    return int(connection.pg_version) // 10_000  # type: ignore[attr-defined]


def _run(program: str, options: list[str], **added: str) -> None:
    """Run a PostgreSQL client program on Django's database, with the password and `added` in its environment."""
    # The name of the database comes last, so it becomes the value of --dbname.
    arguments, env = DatabaseClient.settings_to_cmd_args_env(connection.settings_dict, [*options, "--dbname"])
    path = find_program(program, server_version(), embedded=embedded_servers()["postgres"])
    command = [path, *arguments[1:]]
    variables = os.environ | (env or {}) | added
    done = subprocess.run(command, env=variables, stderr=subprocess.PIPE, text=True, check=False)  # noqa: S603 (no shell)
    if done.returncode != 0:
        raise StartError(f"{program} failed: {done.stderr.strip()}")
