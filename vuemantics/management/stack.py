"""What every command that runs the system on this machine does first, and how it runs workers."""

import os
import secrets
import sys
from collections.abc import Callable

import psycopg
import redis
from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import ProgrammingError, connection
from django.db.migrations.exceptions import InconsistentMigrationHistory

from vuemantics.localstack import LocalServices, StartError
from vuemantics.localstack.children import Child

Say = Callable[[str], object]


def own_servers() -> dict[str, bool]:
    """Which servers are ours to run: those for which the environment names no other."""
    return {"postgres": not os.environ.get("DATABASE_URL"), "redis": not os.environ.get("REDIS_URL")}


def prepare(services: LocalServices, say: Say) -> None:
    """Start or reuse our servers, reach both, migrate, make the first account; opens no lasting connection.

    Raises StartError.
    """
    services.start(**own_servers())
    try:
        # Not through the pool, which would hide the reason behind a time-out.
        parameters = connection.get_connection_params() | {"connect_timeout": 5}
        psycopg.connect(**parameters).close()
        redis.Redis.from_url(settings.REDIS_URL).ping()
    except psycopg.OperationalError as error:
        raise StartError(f"The PostgreSQL of DATABASE_URL does not let us in: {error}") from None
    except redis.RedisError as error:
        raise StartError(f"The Redis of REDIS_URL does not answer: {error}") from None
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # WhiteNoise warns when there is none
    try:
        call_command("migrate", verbosity=0, interactive=False)
    except (ProgrammingError, InconsistentMigrationHistory) as error:
        raise _other_version(str(error).splitlines()[0]) from error
    check_tables()
    _first_account(say)
    connection.close_pool()  # type: ignore[attr-defined]


def check_tables() -> None:
    """Raise StartError when a table has other columns than its model.

    Before release 1 the first migrations are edited in place: Django takes the tables of an older state for its own.
    """
    wanted = {
        (model._meta.db_table, field.column)
        for model in apps.get_models()
        for field in model._meta.local_concrete_fields
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = ANY (current_schemas(false)) AND table_name = ANY (%s)",
            [sorted({table for table, _column in wanted})],
        )
        different = sorted(wanted ^ set(cursor.fetchall()))
    if different:
        raise _other_version(", ".join(f"{table}.{column}" for table, column in different[:3]))


def _other_version(difference: str) -> StartError:
    place, mend = "the database of DATABASE_URL", "Name an empty database there"
    if own_servers()["postgres"]:
        place, mend = str(settings.VAR), "Move that folder away"
    words = f"The tables in {place} are of another version before release 1 ({difference})."
    return StartError(f"{words} {mend}, then add your files again.")


def _first_account(say: Say) -> None:
    users = get_user_model()._default_manager
    if users.exists():
        return
    password = secrets.token_urlsafe(12)
    users.create_superuser("admin", password=password)
    say(f"First account: user name admin, password {password}")
    say("It is shown this once; `.venv/bin/python manage.py changepassword admin` sets another.")


def workers(processes: int, threads: int) -> Child:
    """Return the workers of this machine, not yet started; they log warnings and worse."""
    command = [sys.executable, "manage.py", "rundramatiq", "--skip-logging", "--worker-shutdown-timeout", "7000"]
    command += ["-p", str(processes), "-t", str(threads)]
    # Two heaps instead of one per thread: pictures come and go in all, and what is free in one is lost to the others.
    env = {"VUEMANTICS_LOG_LEVEL": "WARNING", "MALLOC_ARENA_MAX": "2"} | os.environ
    return Child("group of workers", command, cwd=settings.BASE_DIR, env=env)
