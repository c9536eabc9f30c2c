"""The web server in its own process, serving the probe application or the whole site."""

import http.client
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.support.waiting import wait_until
from tests.support.worker_processes import ROOT
from vuemantics.localstack.ports import is_serving
from vuemantics.localstack.process import die_with_parent

PROBE = "tests.support.asgi_probe.application"
SITE = ""


def free_port() -> int:
    """Return a free port below the kernel's range for outgoing connections, so that no connection can take it."""
    while True:
        port = random.randint(15_000, 32_000)
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue


class WebServer:
    """A `python -m vuemantics.server` process, which keeps its port when a test kills and restarts it."""

    def __init__(
        self, log: Path, env: Mapping[str, str] = os.environ, application: str = PROBE, prefix: Sequence[str] = ()
    ) -> None:
        self.log = log
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._env = env
        self._command = [*prefix, sys.executable, "-m", "vuemantics.server", "--port", str(self.port)]
        self._command += ["--application", application] if application else []
        self.start()

    def start(self) -> None:
        """Start the server and wait until it accepts connections."""
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                preexec_fn=die_with_parent(signal.SIGTERM),
            )
        wait_until(self._ready, 60)

    def _ready(self) -> bool:
        assert self.process.poll() is None, f"the web server ended:\n{self.log.read_text()}"
        return is_serving("127.0.0.1", self.port)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Send SIGTERM and return the exit status, even if the server has already been killed."""
        self.process.terminate()
        try:
            return self.process.wait(30)
        finally:
            self.kill()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def request(self, method: str, path: str, body: bytes, headers: dict[str, str] | None = None) -> dict[str, Any]:
        """Send a request and return the report of the probe application."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body, headers or {})
        seen: dict[str, Any] = json.loads(connection.getresponse().read())
        connection.close()
        return seen

    def reset_peak_memory(self) -> int:
        """Reset the peak memory (see clear_refs in proc(5)) and return the memory in use now, in bytes."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")
        return self.peak_memory()

    def peak_memory(self) -> int:
        """Return the peak resident memory since the last reset, in bytes."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", text)
        assert found
        return int(found[1]) * 1024

    def established(self) -> int:
        """Return the number of the server's established TCP connections."""
        return len(self._unread())

    def unread(self) -> int:
        """Return the number of received bytes that the server has not read yet."""
        return sum(self._unread())

    def _unread(self) -> list[int]:
        """Return the unread bytes of each established connection (state `01` in /proc/net/tcp, see proc(5))."""
        lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        ours = [fields for fields in lines if fields[1].endswith(f":{self.port:04X}") and fields[3] == "01"]
        return [int(fields[4].partition(":")[2], 16) for fields in ours]


class Site(WebServer):
    """The whole site, served as in production."""

    stops_seen = 0

    def __init__(self, env: Mapping[str, str], log: Path) -> None:
        super().__init__(log, env, SITE)
