"""Start, kill and stop real worker processes."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from tests.support.processes import children
from tests.support.waiting import wait_until
from vuemantics.localstack.process import die_with_parent

ROOT = Path(__file__).resolve().parents[2]
READY = "Worker process is ready for action."


class Workers:
    """A dramatiq process and its worker processes, in a session of their own.

    `manage.py rundramatiq` runs the same command, but imports everything twice.
    """

    def __init__(self, env: dict[str, str], log: Path, processes: int, threads: int) -> None:
        self.log = log
        self.processes = processes
        command = [sys.executable, "-m", "dramatiq", "-p", str(processes), "-t", str(threads)]
        command += ["--worker-shutdown-timeout", "7000", "django_dramatiq.setup", "batches.worker.tasks"]
        with log.open("wb") as output:
            self.main = subprocess.Popen(
                command,
                cwd=ROOT,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM),
            )

    def wait_ready(self, timeout: float = 60.0) -> None:
        """Wait until every worker process accepts messages; fail with the log if dramatiq ends."""

        def all_ready() -> bool:
            text = self.text()
            assert self.main.poll() is None, f"dramatiq ended:\n{text}"
            return text.count(READY) >= self.processes

        wait_until(all_ready, timeout)

    def text(self) -> str:
        return self.log.read_text("utf-8", errors="replace")

    def pids(self) -> list[int]:
        return children(self.main.pid)

    def kill_one(self) -> int:
        """Kill one worker process with SIGKILL, as the kernel does when memory runs out, and return its pid.

        The dramatiq process then exits, too.
        """
        pid = self.pids()[0]
        os.kill(pid, signal.SIGKILL)
        return pid

    def kill_all(self) -> None:
        """Kill dramatiq and all its workers at once with SIGKILL, even if dramatiq itself has already ended."""
        with suppress(ProcessLookupError):
            os.killpg(self.main.pid, signal.SIGKILL)
        self.main.wait(60)

    def stop(self, timeout: float = 60.0) -> int:
        """Send SIGTERM and return the exit status. Kill processes that are still running after `timeout` seconds."""
        self.main.terminate()
        try:
            return self.main.wait(timeout)
        finally:
            self.kill_all()
