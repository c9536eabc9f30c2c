"""The files in deploy/, which operators copy, match the code. tests/server/test_nginx.py runs nginx.conf."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import load_command_class

from tests.project.test_docs import documented_settings
from tests.support.worker_processes import ROOT
from vuemantics.management.stack import MALLOC_VARIABLES

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())


def test_settings_file_contains_only_documented_settings() -> None:
    names = re.findall(r"^#?([A-Z][A-Z0-9_]+)=", (DEPLOY / "vuemantics.env").read_text(), flags=re.MULTILINE)

    assert len(names) > 10
    assert set(names) <= set(documented_settings())


def test_settings_that_the_nginx_file_names_are_in_the_settings_file() -> None:
    lines = (DEPLOY / "vuemantics.env").read_text().splitlines()
    [named] = re.findall(r"^#   (VUEMANTICS_.*)$", (DEPLOY / "nginx.conf").read_text(), flags=re.MULTILINE)

    assert set(named.split()) <= set(lines)


def test_nginx_accepts_the_default_body_size() -> None:
    [size] = re.findall(r"client_max_body_size (\d+)m;", (DEPLOY / "nginx.conf").read_text())

    assert int(size) * 2**20 == settings.MAX_BODY_BYTES


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_commands_of_units_exist(unit: Path) -> None:
    for line in re.findall(r"^Exec\w+=(.*)$", unit.read_text(), flags=re.MULTILINE):
        _python, program, *rest = shlex.split(line)
        if program == "-m":
            assert (ROOT / Path(*rest[0].split(".")) / "__main__.py").exists()
        else:
            app = "django_dramatiq" if rest[0] == "rundramatiq" else "django.core"
            arguments = [word.replace("${VUEMANTICS_WORKER_THREADS}", "4") for word in rest[1:]]
            load_command_class(app, rest[0]).create_parser("manage.py", rest[0]).parse_args(arguments)


def test_each_worker_unit_runs_one_process() -> None:
    text = (DEPLOY / "systemd" / "vuemantics-worker@.service").read_text()

    assert "rundramatiq --processes 1 --threads" in text
    for name, value in MALLOC_VARIABLES.items():
        assert f"{name}={value}" in text


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_systemd_accepts_the_unit(unit: Path, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    copy = tmp_path / unit.name.replace("@", "@1")
    text = re.sub(r"/srv/vuemantics/app/\.venv/bin/python", "/bin/true", unit.read_text())
    copy.write_text(text)

    done = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True, check=False)

    assert [line for line in done.stderr.splitlines() if copy.name in line] == []
