"""`manage.py run` with its own servers, from start to Ctrl-C, and when it refuses to start."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from tests.support.processes import alive, children
from tests.support.waiting import wait_until
from tests.support.web_server import free_port
from tests.support.worker_processes import ROOT
from vuemantics.localstack import local_urls
from vuemantics.localstack.paths import run_folder
from vuemantics.localstack.process import die_with_parent
from vuemantics.management.run_lock import single_run

PATIENCE = 60.0


class Run:
    """One `manage.py run` on a free port."""

    def __init__(self, var: Path, log: Path, workers: int) -> None:
        self.port = free_port()
        self.log = log
        replaced = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY"}
        env = {key: value for key, value in os.environ.items() if key not in replaced}
        env |= {"VUEMANTICS_VAR": str(var), "PYTHONUNBUFFERED": "1", "VUEMANTICS_WORKER_PROCESSES": str(workers)}
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "run", "--port", str(self.port)],
                cwd=ROOT,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                preexec_fn=die_with_parent(signal.SIGTERM),
            )

    def text(self) -> str:
        return self.log.read_text()

    def wait_ready(self) -> None:
        def ready() -> bool:
            assert self.process.poll() is None, self.text()
            return f"Vuemantics is ready: http://127.0.0.1:{self.port}/" in self.text()

        wait_until(ready, PATIENCE)

    def descendants(self) -> dict[int, str]:
        """Return the command lines of all descendant processes, keyed by pid."""
        found: dict[int, str] = {}
        pending = [self.process.pid]
        while pending:
            for pid in children(pending.pop()):
                with suppress(FileNotFoundError, ProcessLookupError):  # a process may end while its files are read
                    found[pid] = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
                    pending.append(pid)
        return found

    def find(self, part: str) -> int:
        """Return the pid of the first descendant whose command line contains `part`, or 0."""
        return next((pid for pid, line in self.descendants().items() if part in line), 0)

    def workers(self) -> list[int]:
        """Return the pids of the dramatiq main processes that have started a worker process."""
        children_of_run = children(self.process.pid)
        lines = self.descendants()
        return [pid for pid in children_of_run if "bin/dramatiq" in lines.get(pid, "") and children(pid)]


@pytest.fixture
def start_run(tmp_path: Path) -> Iterator[Callable[[int], Run]]:
    runs: list[Run] = []

    def start(workers: int) -> Run:
        runs.append(Run(tmp_path / "var", tmp_path / f"run-{len(runs)}.log", workers))
        return runs[-1]

    yield start
    for run in reversed(runs):
        run.process.terminate()
        run.process.wait(60)
    shutil.rmtree(run_folder(tmp_path / "var"), ignore_errors=True)


@pytest.mark.timeout(300)
def test_run_restarts_what_dies_and_a_later_run_continues(start_run: Callable[[int], Run], tmp_path: Path) -> None:
    first = start_run(2)
    first.wait_ready()
    with urllib.request.urlopen(f"http://127.0.0.1:{first.port}/", timeout=30) as page:
        assert page.status == 200
        assert 'type="password"' in page.read().decode()
    address = tmp_path / "var" / "address"
    assert address.read_text() == f"http://127.0.0.1:{first.port}"
    assert 'name="new_password1"' in _follow_first_password_link(first)

    _kill_and_wait_for_restart(first)

    key = (tmp_path / "var" / "secret-key").read_text()
    descendants = first.descendants()
    assert any("postgres" in line for line in descendants.values())

    first.process.kill()

    wait_until(lambda: not any(alive(pid) for pid in descendants), PATIENCE)
    second = start_run(1)
    second.wait_ready()
    assert (tmp_path / "var" / "secret-key").read_text() == key
    with psycopg.connect(local_urls(tmp_path / "var")[0]) as connection:
        assert connection.execute("SELECT username FROM auth_user").fetchall() == [("admin",)]

    descendants = second.descendants()
    second.process.send_signal(signal.SIGINT)
    assert second.process.wait(60) == 0
    assert [line for pid, line in descendants.items() if alive(pid)] == []
    assert not address.exists()


def _follow_first_password_link(run: Run) -> str:
    line = re.compile(r"First account: user name admin\. Choose its password: (\S+)\n")
    found = wait_until(lambda: line.search(run.text()), PATIENCE)
    assert found
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with browser.open(found[1], timeout=30) as page:
        return str(page.read().decode())


def _kill_and_wait_for_restart(run: Run) -> None:
    server = run.find("vuemantics.server")
    killed, sibling = wait_until(lambda: len(run.workers()) == 2 and run.workers(), PATIENCE) or []
    survivors = {sibling, *children(sibling)}
    os.kill(server, signal.SIGKILL)
    os.kill(children(killed)[0], signal.SIGKILL)
    wait_until(lambda: run.find("vuemantics.server") not in {0, server}, PATIENCE)
    wait_until(lambda: len(run.workers()) == 2 and killed not in run.workers(), PATIENCE)
    assert {sibling, *children(sibling)} == survivors, "the death of one worker process ended another"
    os.kill(run.find("redis-server"), signal.SIGKILL)
    wait_until(lambda: "PostgreSQL or Redis has exited; restarting." in run.text(), PATIENCE)
    wait_until(lambda: run.find("redis-server"), PATIENCE)


def test_second_run_in_one_directory_is_refused(settings: Settings, tmp_path: Path) -> None:
    settings.VAR = tmp_path

    with (
        socket.create_server(("127.0.0.1", 0)) as used,
        single_run(tmp_path, 8000),
        pytest.raises(CommandError, match="already running on port 8000"),
    ):
        call_command("run", port=str(used.getsockname()[1]))


def test_run_on_a_used_port_starts_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        command = [sys.executable, "manage.py", "run", "--port", str(port)]
        env = os.environ | {"VUEMANTICS_VAR": str(tmp_path / "var")}
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=100, check=False)

    assert done.returncode == 1
    assert f"make run PORT={port + 1}" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "var" / "postgres").exists()
