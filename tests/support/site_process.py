"""The whole site as a process of its own, served as in earnest; a test may kill it and start it again."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

from tests.support.waiting import wait_until
from tests.support.worker_processes import ROOT
from vuemantics.localstack.ports import is_serving
from vuemantics.localstack.process import die_with_parent


class Site:
    """One web server on a port that stays the same over its starts."""

    def __init__(self, env: dict[str, str], log: Path) -> None:
        self._env = env
        self._log = log
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = int(free.getsockname()[1])
        self.address = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self._log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "vuemantics.server", "--port", str(self.port)],
                cwd=ROOT,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                preexec_fn=die_with_parent(signal.SIGTERM),
            )
        wait_until(self._ready, 20)

    def kill(self) -> None:
        """kill -9: whatever it was doing ends in the middle."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """SIGTERM; also when it was killed already."""
        self.process.terminate()
        self.process.wait(10)

    def _ready(self) -> bool:
        assert self.process.poll() is None, f"the web server ended:\n{self._log.read_text()}"
        return is_serving("127.0.0.1", self.port)
