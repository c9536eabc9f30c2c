"""Processes that are started again when they die: the web server and the workers of `manage.py run`."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from vuemantics.localstack.process import die_with_parent

FIRST_DELAY = 0.5
LONGEST_DELAY = 30.0
HEALTHY_SECONDS = 60.0


class Child:
    """One command in a process group of its own, kept alive with growing delays.

    It gets SIGTERM when the thread that starts it dies, so tend it from the main thread.
    """

    def __init__(self, name: str, command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> None:
        self.name = name
        self.command = command
        self.cwd = cwd
        self.env = dict(env)
        self.deaths_in_a_row = 0
        self.process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._start_at = 0.0

    def start(self) -> None:
        """Start it. Its log lines (stderr) go to ours; what it prints besides is dropped."""
        self._started = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            cwd=self.cwd,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )

    def tend(self) -> str:
        """Call often: starts it again when it has died and its delay is over. Returns a line to log, or nothing."""
        now = time.monotonic()
        if self.process is None:
            if now >= self._start_at:
                self.start()
            return ""
        status = self.process.poll()
        if status is None:
            if now - self._started > HEALTHY_SECONDS:
                self.deaths_in_a_row = 0
            return ""
        self.kill()  # the workers of a killed rundramatiq would live on
        self.process = None
        delay = min(LONGEST_DELAY, FIRST_DELAY * 2**self.deaths_in_a_row)
        self.deaths_in_a_row += 1
        self._start_at = now + delay
        how = f"signal {-status}" if status < 0 else f"status {status}"
        return f"The {self.name} ended ({how}); it starts again in {delay:g} s."

    def ask_to_stop(self) -> None:
        """SIGTERM to the process, which passes it on to its own children."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def finish(self, deadline: float) -> None:
        """Wait for the end until `deadline` (time.monotonic), then kill what is left of the group."""
        if self.process is None:
            return
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.0, deadline - time.monotonic()))
        self.kill()
        self.process.wait()

    def kill(self) -> None:
        """kill -9 for the whole group; may be called from a signal handler."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
