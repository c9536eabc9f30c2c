"""`manage.py backup` and `restore`: moving a library to a new machine, and when the commands refuse to run."""

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django.fixtures import Settings

from tests.support.batches import make_batch
from tests.support.worker_processes import ROOT
from uploads.models import Upload
from uploads.storage import original_name
from vuemantics.localstack import LocalServices
from vuemantics.localstack.paths import run_folder

pytestmark = pytest.mark.django_db(transaction=True)
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"


def rows(session: "psycopg.Connection[tuple[object, ...]]") -> dict[str, list[str]]:
    """Return all rows as text, keyed by table."""
    tables = [str(table) for (table,) in session.execute(TABLES).fetchall()]
    query = 'SELECT t::text FROM "{}" AS t ORDER BY 1'
    return {table: [str(row) for (row,) in session.execute(query.format(table).encode())] for table in tables}


def own_rows() -> dict[str, list[str]]:
    """Return all rows of the test database, as `rows` does."""
    with psycopg.connect(**connection.get_connection_params() | {"context": None, "cursor_factory": None}) as session:
        return rows(session)


@pytest.fixture
def library(owner: User, settings: Settings, tmp_path: Path) -> Path:
    """The media folder of a library with three pictures."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.PARTIAL_ROOT = tmp_path / "parts"
    make_batch(owner, 3, "Übung “1”")
    for upload in Upload.objects.all():
        path = settings.MEDIA_ROOT / original_name(upload.key)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(upload.key.bytes * 1000)
    return tmp_path / "media"


@pytest.fixture
def backup(library: Path, tmp_path: Path) -> Path:
    """A complete backup of the library."""
    call_command("backup", tmp_path / "backup")
    return tmp_path / "backup"


@pytest.fixture
def new_machine(tmp_path: Path) -> Iterator[LocalServices]:
    """An installation that has never been started."""
    services = LocalServices(tmp_path / "var")
    yield services
    services.stop()
    shutil.rmtree(run_folder(services.folder), ignore_errors=True)


def restore(backup: Path, var: Path) -> "subprocess.CompletedProcess[str]":
    """Run `manage.py restore` with embedded servers whose files are in the directory `var`."""
    env = {key: value for key, value in os.environ.items() if key not in {"DATABASE_URL", "REDIS_URL", "SECRET_KEY"}}
    command = [sys.executable, "manage.py", "restore", str(backup)]
    env["VUEMANTICS_VAR"] = str(var)
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=240, check=False)


def stored(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_interrupted_and_continued_restore_has_the_same_rows_files_and_key(
    library: Path, backup: Path, new_machine: LocalServices, settings: Settings
) -> None:
    expected, files = own_rows(), stored(library)
    assert (len(files), len(expected["uploads_upload"])) == (3, 3)
    damaged = sorted((backup / "media").rglob("*"))[-1]
    content = damaged.read_bytes()
    damaged.unlink()  # not overwritten, because it is a hard link to the original
    interrupted = restore(backup, new_machine.folder)
    assert (interrupted.returncode, "1 files in" in interrupted.stderr) == (1, True)

    damaged.write_bytes(content)
    done = restore(backup, new_machine.folder)

    assert (done.returncode, done.stderr) == (0, "")
    assert stored(new_machine.folder / "media") == files
    assert (new_machine.folder / "secret-key").read_text() == settings.SECRET_KEY
    new_machine.start(redis=False)
    with psycopg.connect(new_machine.database_url) as session:
        assert rows(session) == expected
        [(last,)] = session.execute("SELECT max(id) FROM uploads_upload").fetchall()
        [(following,)] = session.execute("SELECT nextval(pg_get_serial_sequence('uploads_upload', 'id'))").fetchall()
    assert following > last

    again = restore(backup, new_machine.folder)

    assert again.returncode == 1
    assert again.stderr == (
        f"CommandError: {new_machine.folder} contains a database. Move that directory away, then restore again.\n"
    )


def test_backup_is_readable_only_by_its_owner(library: Path, tmp_path: Path) -> None:
    (tmp_path / "backup").mkdir(0o700)
    (tmp_path / "backup" / ".database.dump.new").touch(0o644)  # left by an interrupted run
    before = os.umask(0o022)
    try:
        call_command("backup", tmp_path / "backup")
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)

    written = [path for path in (tmp_path / "backup").rglob("*") if path.stat().st_nlink == 1 or path.is_dir()]
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in written}
    assert {"database.dump", "secret-key", "backup.json", "media.sha256", "media"} <= set(modes)
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o077} == {}


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("version", "0.0.9", r"by version 0\.0\.9, and this is .* Restore it with the version that made it"),
        ("migrations", [], r"but their tables differ\. Restore it with the version"),
        ("columns", "0" * 64, r"but their tables differ\. Restore it with the version"),
        ("media", "photos", r"belongs to the storage “photos”, not “disk”\. Set VUEMANTICS_S3_BUCKET"),
    ],
)
def test_backup_of_another_version_is_refused(backup: Path, key: str, value: object, message: str) -> None:
    stamp = json.loads((backup / "backup.json").read_text())
    (backup / "backup.json").write_text(json.dumps(stamp | {key: value}))

    with pytest.raises(CommandError, match=message):
        call_command("restore", backup)


def test_incomplete_and_changed_backups_are_refused(backup: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"is not a complete backup: finish it with manage.py backup"):
        call_command("restore", tmp_path / "nowhere")

    (backup / "database.dump").write_bytes(b"PGDMP")

    with pytest.raises(CommandError, match=r"database\.dump was changed or is incomplete"):
        call_command("restore", backup)


def test_installation_in_use_is_refused(backup: Path, settings: Settings) -> None:
    before = own_rows()

    with pytest.raises(CommandError, match=r"DATABASE_URL contains tables. Set DATABASE_URL to an empty database"):
        call_command("restore", backup)
    settings.PARTIAL_ROOT.mkdir()
    (settings.PARTIAL_ROOT / "1").touch()
    with pytest.raises(CommandError, match=r"contains unfinished uploads. Move that directory away"):
        call_command("restore", backup)

    assert own_rows() == before


def test_backup_refuses_a_directory_in_use(library: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"is inside .*media: choose another directory"):
        call_command("backup", library / "backup")
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a.txt").touch()
    with pytest.raises(CommandError, match=r"contains other files .a.txt.: choose an empty directory"):
        call_command("backup", tmp_path / "letters")
