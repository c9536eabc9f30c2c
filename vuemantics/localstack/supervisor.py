"""Restart the web server and the workers of `manage.py run` when they exit."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from vuemantics.localstack.process import die_with_parent

FIRST_DELAY = 0.5
MAX_DELAY = 30.0
HEALTHY_SECONDS = 60.0
MAX_EXITS = 8  # from this number on, the delay is MAX_DELAY


class SupervisedProcess:
    """A command that runs in its own process group and is restarted when it exits.

    The first restart is immediate; if the process keeps exiting, there is an exponential back-off. The back-off
    declines while the process runs and ends after HEALTHY_SECONDS. The process receives SIGTERM when the thread that
    started it ends, so call `start` and `supervise` from the main thread.
    """

    def __init__(self, name: str, command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> None:
        self.name = name
        self.command = command
        self.cwd = cwd
        self.env = dict(env)
        self.consecutive_exits = 0
        self.process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._restart_at = 0.0

    def start(self) -> None:
        """Start the process. It inherits stderr; its stdout is discarded."""
        self._started_at = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            cwd=self.cwd,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )

    def supervise(self) -> str:
        """Restart the process if it has exited and its restart delay is over. Call this often.

        Return a line to log if the process has just exited, otherwise an empty string.
        """
        now = time.monotonic()
        if self.process is None:
            if now >= self._restart_at:
                self.start()
            return ""
        status = self.process.poll()
        if status is None:
            return ""
        self.kill()  # if rundramatiq was killed, its worker would otherwise keep running
        self.process = None
        self.consecutive_exits = exits_after_run(self.consecutive_exits, now - self._started_at) + 1
        delay = restart_delay(self.consecutive_exits)
        self._restart_at = now + delay
        reason = f"signal {-status}" if status < 0 else f"status {status}"
        return f"The {self.name} exited ({reason}); restarting" + (f" in {delay:g} s." if delay else ".")

    def terminate(self) -> None:
        """Send SIGTERM to the process, which passes it on to its own children."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def wait_or_kill(self, deadline: float) -> None:
        """Wait until `deadline` (time.monotonic) for the process to exit, then kill whatever is left of its group."""
        if self.process is None:
            return
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.0, deadline - time.monotonic()))
        self.kill()
        self.process.wait()

    def kill(self) -> None:
        """Send SIGKILL to the whole group; safe to call from a signal handler."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)


def exits_after_run(exits: int, seconds: float) -> int:
    """Return how many of the previous consecutive exits still count after the process has run for `seconds`."""
    return max(0, min(exits, MAX_EXITS) - int(seconds * MAX_EXITS / HEALTHY_SECONDS))


def restart_delay(exits: int) -> float:
    """Return how many seconds to wait before the restart after this many consecutive exits: 0 after the first."""
    return min(MAX_DELAY, FIRST_DELAY * 2 ** (exits - 2)) if exits > 1 else 0.0
