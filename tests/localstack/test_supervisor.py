"""Supervised processes are restarted and leave no orphans."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import alive
from tests.support.waiting import wait_until
from vuemantics.localstack.supervisor import HEALTHY_SECONDS, MAX_EXITS, SupervisedProcess

FAMILY = """
import subprocess, sys, pathlib, time
helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pathlib.Path(sys.argv[1]).write_text(str(helper.pid))
time.sleep(600)
"""


@pytest.fixture
def family(tmp_path: Path) -> Iterator[tuple[SupervisedProcess, Path]]:
    """A process that, once started, starts a child and writes the child's pid to a file; and the path of that file."""
    file = tmp_path / "helper"
    process = SupervisedProcess("family", [sys.executable, "-c", FAMILY, str(file)], cwd=tmp_path, env=os.environ)
    yield process, file
    process.wait_or_kill(0)


def helper_pid(file: Path) -> int:
    return int(wait_until(lambda: file.exists() and file.read_text(), 30) or 0)


def test_killed_process_is_restarted_and_its_children_are_killed(family: tuple[SupervisedProcess, Path]) -> None:
    supervised, file = family
    supervised.start()
    assert supervised.process
    first, helper = supervised.process.pid, helper_pid(file)

    supervised.process.send_signal(signal.SIGKILL)
    line = wait_until(supervised.supervise)
    wait_until(lambda: supervised.supervise() or supervised.process)

    assert line == "The family exited (signal 9); restarting."
    assert supervised.process.pid != first
    wait_until(lambda: not alive(helper))


def test_restart_delay_starts_with_the_second_exit_and_doubles(tmp_path: Path) -> None:
    supervised = SupervisedProcess("worker", ["false"], cwd=tmp_path, env=os.environ)
    supervised.start()

    lines = [wait_until(supervised.supervise, 30) for _ in range(3)]

    assert [line.split("restarting")[1] for line in lines] == [".", " in 0.5 s.", " in 1 s."]
    assert "(status 1)" in lines[0]


def test_group_that_ignores_sigterm_is_killed(family: tuple[SupervisedProcess, Path]) -> None:
    supervised, file = family
    ignore = "import signal; signal.signal(15, signal.SIG_IGN)\n"
    supervised.command = [sys.executable, "-c", ignore + FAMILY, str(file)]
    supervised.start()
    helper = helper_pid(file)

    supervised.terminate()
    supervised.wait_or_kill(time.monotonic() + 0.2)

    assert supervised.process
    assert supervised.process.returncode == -signal.SIGKILL
    wait_until(lambda: not alive(helper))


def test_restart_is_immediate_after_a_minute_of_work(tmp_path: Path) -> None:
    supervised = SupervisedProcess("worker", ["false"], cwd=tmp_path, env=os.environ)
    supervised.consecutive_exits = MAX_EXITS
    supervised.start()
    supervised._started_at -= HEALTHY_SECONDS

    line = wait_until(supervised.supervise, 30)

    assert line == "The worker exited (status 1); restarting."
