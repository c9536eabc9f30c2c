"""`manage.py run` from start to Ctrl-C, with a stack of its own."""

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

from tests.support.processes import alive, children
from tests.support.waiting import wait_until
from tests.support.worker_processes import ROOT
from vuemantics.localstack import LocalServices, local_urls
from vuemantics.localstack.paths import run_folder
from vuemantics.localstack.process import die_with_parent


class Run:
    """One `manage.py run` on a free port."""

    def __init__(self, var: Path, log: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = int(free.getsockname()[1])
        self.log = log
        own = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY"}
        env = {key: value for key, value in os.environ.items() if key not in own}
        env |= {"VUEMANTICS_VAR": str(var), "PYTHONUNBUFFERED": "1", "VUEMANTICS_WORKER_PROCESSES": "1"}
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

        wait_until(ready, 60)

    def family(self) -> dict[int, str]:
        """All processes below it, by pid, with their command lines."""
        found: dict[int, str] = {}
        waiting = [self.process.pid]
        while waiting:
            for pid in children(waiting.pop()):
                with suppress(FileNotFoundError, ProcessLookupError):  # processes come and go while we look
                    found[pid] = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
                    waiting.append(pid)
        return found

    def one(self, words: str) -> int:
        """The first process whose command line has these words; 0 when there is none."""
        return next((pid for pid, line in self.family().items() if words in line), 0)


@pytest.fixture
def start_run(tmp_path: Path) -> Iterator[Callable[[], Run]]:
    runs: list[Run] = []

    def start() -> Run:
        runs.append(Run(tmp_path / "var", tmp_path / f"run-{len(runs)}.log"))
        return runs[-1]

    yield start
    for run in reversed(runs):
        run.process.terminate()
        run.process.wait(20)
    shutil.rmtree(run_folder(tmp_path / "var"), ignore_errors=True)


@pytest.mark.timeout(180)
def test_run_serves_revives_what_dies_and_leaves_nothing(start_run: Callable[[], Run], tmp_path: Path) -> None:
    run = start_run()
    run.wait_ready()
    with urllib.request.urlopen(f"http://127.0.0.1:{run.port}/", timeout=10) as page:
        assert page.status == 200
        assert 'type="password"' in page.read().decode()
    address = tmp_path / "var" / "address"
    assert address.read_text() == f"http://127.0.0.1:{run.port}"
    assert re.search(r"First account: user name admin, password \S{16}\n", run.text())

    server, workers = run.one("vuemantics.server"), wait_until(lambda: run.one("bin/dramatiq"), 20)
    os.kill(server, signal.SIGKILL)
    os.kill(workers, signal.SIGKILL)
    wait_until(lambda: run.one("vuemantics.server") not in {0, server}, 20)
    wait_until(lambda: run.one("bin/dramatiq") not in {0, workers}, 20)
    os.kill(run.one("redis-server"), signal.SIGKILL)
    wait_until(lambda: "PostgreSQL or Redis has ended; it starts again." in run.text(), 20)
    wait_until(lambda: run.one("redis-server"), 20)

    family = run.family()
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(12) == 0
    assert [line for pid, line in family.items() if alive(pid)] == []
    assert not address.exists()


@pytest.mark.timeout(180)
def test_second_run_shares_the_stack_and_outlives_a_killed_first(start_run: Callable[[], Run], tmp_path: Path) -> None:
    first = start_run()
    first.wait_ready()
    key = (tmp_path / "var" / "secret-key").read_text()
    second = start_run()
    second.wait_ready()
    assert "First account" not in second.text()
    assert (tmp_path / "var" / "secret-key").read_text() == key
    family = first.family()
    assert any("postgres" in line for line in family.values())

    first.process.kill()

    wait_until(lambda: not any(alive(pid) for pid in family), 20)
    wait_until(lambda: second.one("redis-server") and second.one("bin/postgres"), 20)
    wait_until(LocalServices(tmp_path / "var").running, 20)
    with psycopg.connect(local_urls(tmp_path / "var")[0]) as connection:
        assert connection.execute("SELECT count(*) FROM auth_user").fetchone() == (1,)


def test_run_on_a_used_port_starts_nothing(tmp_path: Path, start_run: Callable[[], Run]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        command = [sys.executable, "manage.py", "run", "--port", str(port)]
        env = os.environ | {"VUEMANTICS_VAR": str(tmp_path / "var")}
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 1
    assert f"make run PORT={port + 1}" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "var" / "postgres").exists()


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing"),
        ("REDIS_URL", "redis://127.0.0.1:1/0"),
    ],
)
def test_run_with_a_silent_server_says_which(name: str, url: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    env = os.environ | {name: url, "VUEMANTICS_VAR": str(tmp_path / "var")}
    command = [sys.executable, "manage.py", "run", "--port", str(port)]

    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 1
    assert f"of {name} does not" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("port", ["abc", "0", "65536", "-1", "٣"])
def test_run_on_what_is_no_port_says_so_in_one_line(port: str, tmp_path: Path) -> None:
    command = [sys.executable, "manage.py", "run", f"--port={port}"]
    env = os.environ | {"VUEMANTICS_VAR": str(tmp_path / "var")}

    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 1
    assert done.stderr == f"CommandError: {port} is no port: make run PORT=8000\n"
