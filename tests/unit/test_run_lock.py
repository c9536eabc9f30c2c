"""Only one `manage.py run` can use a state directory."""

import os
from pathlib import Path

import pytest

from vuemantics.localstack import StartError
from vuemantics.management.run_lock import single_run


def test_second_run_names_the_port_and_process_of_the_first(tmp_path: Path) -> None:
    problem = rf"already running on port 8000 with the data in {tmp_path}\. To stop it, .* run: kill {os.getpid()}$"
    with single_run(tmp_path, 8000), pytest.raises(StartError, match=problem), single_run(tmp_path, 8001):
        pass


def test_lock_is_released_at_the_end(tmp_path: Path) -> None:
    for port in (8000, 80):
        with single_run(tmp_path, port):
            assert (tmp_path / "run.lock").read_text() == f"{port} {os.getpid()}"
