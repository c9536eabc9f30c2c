"""deploy/move-to-external-servers.sh runs the right commands, as the right users and with the right settings.

Scripts on PATH replace the programs that need root or describe the system. Some of them record their arguments.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.processes
SCRIPT = settings.BASE_DIR / "deploy" / "move-to-external-servers.sh"
URL = "postgresql://me:a&b$HOME`id`'\"%20x@db/photos?sslmode=require&connect_timeout=5"
FILE = f"""# A comment
SECRET_KEY='$(touch owned)'

DATABASE_URL={URL}
REDIS_URL="redis://cache:6379/0"
VUEMANTICS_MEDIA=/srv/my media"""
RUNUSER = """#!/usr/bin/env python3
import json, os, sys
_option, user, _end, *command = sys.argv[1:]
names = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "VUEMANTICS_MEDIA", "VUEMANTICS_VAR", "HOME")
with open("calls", "a") as calls:
    calls.write(json.dumps([user, command, {name: os.environ.get(name) for name in names}]) + "\\n")
sys.exit("broken" in open("state").read() and "restore" in command)
"""
STUBS = {
    "id": "#!/bin/sh\necho $UID_OF_TEST\n",
    "stat": "#!/bin/sh\necho $OWNER_OF_TEST\n",
    "getent": '#!/bin/sh\necho "$2:x:1:1::/home/$2:/bin/sh"\n',
    "install": '#!/bin/sh\nmkdir "$6"; touch "$6/database.dump"; echo "$@" > install-call\n',
    "chown": '#!/bin/sh\necho "$1 $2" > chown-call; echo "$3" > copy; ls -A "$3" > copied\n',
    "runuser": RUNUSER,
}
Call = tuple[str, list[str], dict[str, str | None]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A directory with an empty `var`, a settings file, and the replacement programs in `bin`."""
    for folder in ("var", "bin"):
        (tmp_path / folder).mkdir()
    for name, text in STUBS.items():
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    (tmp_path / "settings.env").write_text(FILE)
    (tmp_path / "state").write_text("good")
    return tmp_path


def move(project: Path, *, owner: str = "ada", uid: int = 0) -> "subprocess.CompletedProcess[str]":
    """Run the script as `uid` on an installation that belongs to `owner`."""
    env = {"PATH": f"{project / 'bin'}:{os.environ['PATH']}", "UID_OF_TEST": str(uid), "OWNER_OF_TEST": owner}
    env |= {"DATABASE_URL": "postgresql://other/db", "VUEMANTICS_VAR": str(project / "var")}
    command = ["sh", str(SCRIPT), "settings.env", "backup/"]
    return subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, check=False)


def calls(project: Path) -> list[Call]:
    path = project / "calls"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_backup_runs_as_old_user_and_restore_as_new_user_with_literal_settings(project: Path) -> None:
    done = move(project)

    assert (done.returncode, done.stderr) == (0, "")
    assert [(user, command[-2:]) for user, command, _env in calls(project)] == [
        ("vuemantics", ["-x", ".venv/bin/python"]),
        ("ada", ["backup", "backup"]),
        ("vuemantics", ["--database", "default"]),
        ("vuemantics", ["restore", (project / "copy").read_text().strip()]),
    ]
    _test, (_, _, old), (_, _, checked), (_, _, new) = calls(project)
    assert old == {
        "DATABASE_URL": None,
        "REDIS_URL": None,
        "SECRET_KEY": None,
        "VUEMANTICS_MEDIA": None,
        "VUEMANTICS_VAR": str(project / "var"),
        "HOME": "/home/ada",
    }
    assert checked == new
    assert new == {
        "DATABASE_URL": URL,
        "REDIS_URL": "redis://cache:6379/0",
        "SECRET_KEY": "$(touch owned)",
        "VUEMANTICS_MEDIA": "/srv/my media",
        "VUEMANTICS_VAR": None,
        "HOME": "/home/vuemantics",
    }
    assert not (project / "owned").exists()


def test_new_user_restores_its_own_copy_of_the_backup(project: Path) -> None:
    move(project)

    assert (project / "install-call").read_text() == "-d -m 700 -o ada backup\n"
    assert (project / "chown-call").read_text() == "-R vuemantics:\n"
    assert (project / "copied").read_text() == "database.dump\n"
    assert (project / "copy").read_text().startswith("backup.")
    assert sorted(path.name for path in project.glob("backup*")) == ["backup"]


def test_backup_of_the_same_user_is_not_copied(project: Path) -> None:
    assert move(project, owner="vuemantics").returncode == 0

    assert calls(project)[-1][1][-2:] == ["restore", "backup"]
    assert not (project / "chown-call").exists()


def test_failed_restore_stops_the_script_and_removes_the_copy(project: Path) -> None:
    (project / "state").write_text("broken")

    done = move(project)

    assert (done.returncode, done.stdout) == (1, "")
    assert sorted(path.name for path in project.glob("backup*")) == ["backup"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("export A=1", "invalid name of a setting: export A"),
        ("DATABASE_URL", "a line is not NAME=VALUE"),
        ("A=b\\c", "remove the backslash after A="),
        ("REDIS_URL=redis://cache", "DATABASE_URL is missing"),
    ],
)
def test_ambiguous_settings_are_refused_before_the_backup(project: Path, line: str, message: str) -> None:
    (project / "settings.env").write_text(f"{line}\n")

    done = move(project)

    assert (done.returncode, message in done.stderr, calls(project)) == (1, True, [])


def test_other_users_than_root_are_refused(project: Path) -> None:
    done = move(project, uid=1000)

    assert (done.returncode, "run this script as root" in done.stderr, calls(project)) == (1, True, [])
