"""A backup's version stamp, which shows which version of this project can restore it and whether it is complete."""

import hashlib
import json
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from vuemantics.localstack import StartError
from vuemantics.management.backup.database import server_version
from vuemantics.management.stack import check_tables, model_columns

STAMP, DUMP, MANIFEST, KEY = "backup.json", "database.dump", "media.sha256", "secret-key"


@dataclass(frozen=True, slots=True)
class Version:
    """The facts that must be the same for a backup and the code that restores it.

    `columns` is a checksum of all tables and columns, because before release 1 the initial migrations are edited in
    place. `media` is the bucket's name, or "disk".
    """

    version: str
    migrations: list[str]
    columns: str
    media: str


def current_version() -> Version:
    with (settings.BASE_DIR / "pyproject.toml").open("rb") as file:
        version = tomllib.load(file)["project"]["version"]
    migrations = sorted(".".join(key) for key in MigrationLoader(None).disk_migrations)
    columns = hashlib.sha256(json.dumps(sorted(model_columns())).encode()).hexdigest()
    return Version(version, migrations, columns, settings.S3.bucket or "disk")


def check_database() -> None:
    """Raise StartError unless the database has the tables of the installed code."""
    loader = MigrationLoader(connection)
    if missing := sorted(set(loader.disk_migrations) - set(loader.applied_migrations)):
        name = ".".join(missing[0])
        raise StartError(f"The database lacks the migration {name}. Run first: .venv/bin/python manage.py migrate")
    check_tables()


def write_stamp(folder: Path) -> None:
    """Mark the backup in `folder` as complete. Without this mark, it cannot be restored."""
    files = {name: _checksum(folder / name) for name in (DUMP, MANIFEST, KEY)}
    stamp = {"server": server_version(), "files": files} | asdict(current_version())
    draft = folder / f".{STAMP}.new"
    draft.write_text(json.dumps(stamp, indent=2) + "\n")
    draft.replace(folder / STAMP)


def check_stamp(folder: Path) -> None:
    """Raise StartError, with the fix, unless `folder` contains a complete backup made by the installed version."""
    try:
        stamp = json.loads((folder / STAMP).read_text())
        damaged = [name for name, checksum in stamp["files"].items() if _checksum(folder / name) != checksum]
    except (OSError, ValueError, LookupError, AttributeError):
        raise StartError(f"{folder} is not a complete backup: finish it with manage.py backup {folder}") from None
    if damaged:
        raise StartError(f"{folder / damaged[0]} was changed or is incomplete: use another backup, or back up again.")
    _check_version(stamp)


def _check_version(stamp: dict[str, object]) -> None:
    own = asdict(current_version())
    problem = f"The backup was made by version {stamp.get('version')}, and this is {own['version']}"
    fix = "Restore it with the version that made it, then update."
    if stamp.get("version") != own["version"]:
        raise StartError(f"{problem}. {fix}")
    if (stamp.get("migrations"), stamp.get("columns")) != (own["migrations"], own["columns"]):
        raise StartError(f"{problem}, but their tables differ. {fix}")
    if stamp.get("media") != own["media"]:
        fix = "Set VUEMANTICS_S3_BUCKET as it was when the backup was made; move the files afterwards."
        raise StartError(f"The backup belongs to the storage “{stamp.get('media')}”, not “{own['media']}”. {fix}")


def check_server(folder: Path) -> None:
    """Raise StartError if the database server is older than the one from which the backup was made."""
    needed, found = json.loads((folder / STAMP).read_text())["server"], server_version()
    if found < needed:
        raise StartError(f"The backup is from PostgreSQL {needed}, but the server is {found}. Use a newer server.")


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
