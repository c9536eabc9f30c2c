"""Processes that are kept alive, and the port they need."""

import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import alive
from tests.support.waiting import wait_until
from vuemantics.localstack import StartError
from vuemantics.localstack.children import Child
from vuemantics.localstack.ports import answers, port_number, refuse_used_port

FAMILY = """
import subprocess, sys, pathlib, time
helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pathlib.Path(sys.argv[1]).write_text(str(helper.pid))
time.sleep(600)
"""


@pytest.fixture
def family(tmp_path: Path) -> Iterator[tuple[Child, Path]]:
    """A child with a process of its own, whose pid is in the file."""
    file = tmp_path / "helper"
    child = Child("family", [sys.executable, "-c", FAMILY, str(file)], cwd=tmp_path, env=os.environ)
    yield child, file
    child.finish(0)


def helper_of(file: Path) -> int:
    return int(wait_until(lambda: file.exists() and file.read_text()) or 0)


def test_killed_child_comes_back_and_leaves_no_orphan(family: tuple[Child, Path]) -> None:
    child, file = family
    child.start()
    assert child.process
    first, helper = child.process.pid, helper_of(file)

    child.process.send_signal(signal.SIGKILL)
    line = wait_until(child.tend)
    wait_until(lambda: child.tend() or child.process)

    assert line == "The family ended (signal 9); it starts again in 0.5 s."
    assert child.process.pid != first
    wait_until(lambda: not alive(helper))


def test_child_that_keeps_dying_waits_longer_each_time(tmp_path: Path) -> None:
    child = Child("worker", [sys.executable, "-c", "raise SystemExit(3)"], cwd=tmp_path, env=os.environ)
    child.start()

    lines = [wait_until(child.tend, 20) for _ in range(3)]

    assert [line.split("starts again in ")[1] for line in lines] == ["0.5 s.", "1 s.", "2 s."]
    assert "(status 3)" in lines[0]


def test_finish_ends_a_group_that_ignores_sigterm(family: tuple[Child, Path]) -> None:
    child, file = family
    child.command = [sys.executable, "-c", "import signal; signal.signal(15, signal.SIG_IGN)\n" + FAMILY, str(file)]
    child.start()
    helper = helper_of(file)

    child.ask_to_stop()
    child.finish(time.monotonic() + 0.2)

    assert child.process
    assert child.process.returncode == -signal.SIGKILL
    wait_until(lambda: not alive(helper))


def test_used_port_is_refused_with_the_next_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        with pytest.raises(StartError, match=rf"Port {port} .*in use.* make run PORT={port + 1}"):
            refuse_used_port("127.0.0.1", port)

    refuse_used_port("127.0.0.1", port)
    assert not answers("127.0.0.1", port)


def test_impossible_address_is_refused() -> None:
    with pytest.raises(StartError, match="make run HOST"):
        refuse_used_port("no.such.host.invalid", 8000)


@pytest.mark.parametrize("words", ["70000", "abc", "0", "-1", ""])
def test_impossible_port_is_refused(words: str) -> None:
    with pytest.raises(StartError, match="make run PORT"):
        port_number(words)
