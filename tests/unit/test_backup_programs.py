"""A backup uses a pg_dump that suits the server, and refuses a directory that other users can enter."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from vuemantics.localstack import StartError
from vuemantics.localstack.postgres import MAJOR, postgres_programs
from vuemantics.management.backup.programs import find_program

WHEEL = int(MAJOR)


@pytest.fixture
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pg_dump on PATH whose version is in the file `version`."""
    program = tmp_path / "pg_dump"
    program.write_text(f"#!/bin/sh\nread -r version < {tmp_path}/version && echo $version\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "version").write_text("pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n")
    return program


@pytest.mark.parametrize("server", [14, 15])
def test_external_server_gets_the_program_on_path(on_path: Path, server: int) -> None:
    assert find_program("pg_dump", server, embedded=False) == str(on_path)


@pytest.mark.parametrize(("server", "embedded"), [(16, False), (WHEEL, False), (15, True)])
def test_newer_and_embedded_servers_get_the_program_of_the_wheel(on_path: Path, server: int, embedded: bool) -> None:
    assert find_program("pg_dump", server, embedded=embedded) == str(postgres_programs() / "pg_dump")


def test_program_on_path_that_does_not_run_is_skipped(on_path: Path) -> None:
    (on_path.parent / "version").unlink()

    assert find_program("pg_dump", 15, embedded=False) == str(postgres_programs() / "pg_dump")


def test_server_newer_than_all_programs_is_refused(on_path: Path) -> None:
    with pytest.raises(StartError, match=f"install the client programs of PostgreSQL {WHEEL + 1}"):
        find_program("pg_dump", WHEEL + 1, embedded=False)


def test_backup_directory_that_others_can_enter_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "my backup"
    folder.mkdir()
    folder.chmod(0o750)

    with pytest.raises(CommandError, match=r"accessible to other users.* Run first: chmod 700 '.*/my backup'$"):
        call_command("backup", folder)

    assert list(folder.iterdir()) == []
