"""Prepare the servers and the database for a command, and configure the workers that it starts."""

import os
import sys

import psycopg
import redis
from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import ProgrammingError, connection
from django.db.migrations.exceptions import InconsistentMigrationHistory

from vuemantics.localstack import LocalServices, StartError
from vuemantics.localstack.supervisor import SupervisedProcess

# glibc settings for workers; see mallopt(3). Two malloc arenas instead of one per thread: threads allocate large
# pictures, and free memory in one arena cannot be used by another. Fixed thresholds, because glibc would raise them
# when large buffers are freed, then keep the freed buffers of pictures and networks in a fragmented heap.
MALLOC_VARIABLES = {
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": str(4 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(16 * 2**20),
}


def embedded_servers() -> dict[str, bool]:
    """Return which embedded servers to start: those not replaced by DATABASE_URL or REDIS_URL."""
    return {"postgres": not os.environ.get("DATABASE_URL"), "redis": not os.environ.get("REDIS_URL")}


def prepare_stack(services: LocalServices) -> None:
    """Start the embedded servers, verify all connections, migrate, and create the first account if none exists.

    No connection is left open. Raises StartError.
    """
    services.start(**embedded_servers())
    try:
        # Do not connect through the pool, which would hide the cause of a failure behind a timeout.
        parameters = connection.get_connection_params() | {"connect_timeout": 5}
        psycopg.connect(**parameters).close()
        redis.Redis.from_url(settings.REDIS_URL).ping()
    except psycopg.OperationalError as error:
        raise StartError(f"PostgreSQL at DATABASE_URL does not accept connections: {error}") from None
    except redis.RedisError as error:
        raise StartError(f"Redis at REDIS_URL is not responding: {error}") from None
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # WhiteNoise warns if it does not exist
    try:
        call_command("migrate", verbosity=0, interactive=False)
    except (ProgrammingError, InconsistentMigrationHistory) as error:
        raise _other_version(str(error).splitlines()[0]) from error
    check_tables()
    users = get_user_model()._default_manager
    if not users.exists():
        users.create_superuser("admin")  # the account has no password yet; see first_password.py
    connection.close_pool()  # type: ignore[attr-defined]


def check_tables() -> None:
    """Raise StartError if the columns of a table differ from its model.

    Before release 1, the initial migrations are edited in place, so Django does not notice outdated tables.
    """
    expected = model_columns()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = ANY (current_schemas(false)) AND table_name = ANY (%s)",
            [sorted({table for table, _column in expected})],
        )
        different = sorted(expected ^ set(cursor.fetchall()))
    if different:
        raise _other_version(", ".join(f"{table}.{column}" for table, column in different[:3]))


def model_columns() -> set[tuple[str, str]]:
    """Return the table and the column of each field of all models."""
    fields = ((model, field) for model in apps.get_models() for field in model._meta.local_concrete_fields)
    return {(model._meta.db_table, str(field.column)) for model, field in fields}


def _other_version(difference: str) -> StartError:
    location, fix = "the database of DATABASE_URL", "Set DATABASE_URL to an empty database"
    if embedded_servers()["postgres"]:
        location, fix = str(settings.VAR), "Move that directory away"
    problem = f"The tables in {location} belong to another version before release 1 ({difference})."
    return StartError(f"{problem} {fix}, then add your files again.")


def worker_processes(count: int, threads: int) -> list[SupervisedProcess]:
    """Return `count` worker processes with `threads` threads each. They are not started yet.

    Each has its own rundramatiq, because a rundramatiq with several processes ends all of them when one dies.
    """
    command = [sys.executable, "manage.py", "rundramatiq", "--skip-checks", "--skip-logging", "--processes", "1"]
    command += ["--threads", str(threads), "--worker-shutdown-timeout", "7000"]
    env = {"VUEMANTICS_LOG_LEVEL": "WARNING"} | MALLOC_VARIABLES | os.environ
    names = [f"worker {number}" for number in range(1, count + 1)]
    return [SupervisedProcess(name, command, cwd=settings.BASE_DIR, env=env) for name in names]
